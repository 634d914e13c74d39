"""What is done with containers that run."""
