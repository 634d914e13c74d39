"""What of this machine belongs to which run of tests."""
