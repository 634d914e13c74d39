"""What the program keeps on the host's disk."""
