"""What is known of the health of containers."""
