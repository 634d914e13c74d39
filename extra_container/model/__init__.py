"""Values that stages hand to each other, events and errors; imports nothing of the project."""
