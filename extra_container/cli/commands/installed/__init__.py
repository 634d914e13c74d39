"""Commands that list and control installed containers."""
