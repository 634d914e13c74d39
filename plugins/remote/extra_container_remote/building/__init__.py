"""What is brought to machines: evaluated for each of them, and built here or on another one."""
