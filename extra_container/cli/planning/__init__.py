"""Plans on the command line."""
