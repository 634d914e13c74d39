"""Backups: their files, and containers that keep still while one is made."""
