"""What a request would do, found out and told before anything is done."""
