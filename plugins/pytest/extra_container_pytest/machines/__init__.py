"""Containers as machines of a test."""
