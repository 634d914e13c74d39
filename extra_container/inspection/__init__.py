"""What is known of containers at this moment, for people and programs that look."""
