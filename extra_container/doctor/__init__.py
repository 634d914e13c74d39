"""What a host needs for containers, and whether it has that."""
