"""Commands that work on a definition."""
