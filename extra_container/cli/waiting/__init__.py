"""What people at a terminal see while they wait."""
