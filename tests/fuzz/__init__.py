"""Inputs that nobody would think of; see docs/reliability.md."""
