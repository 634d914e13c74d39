"""What is remembered of what is installed: where it came from, and what there was before."""
