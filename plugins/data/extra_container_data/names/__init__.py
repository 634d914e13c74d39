"""Containers that get another name."""
