"""Manage declarative NixOS containers like imperative ones."""
