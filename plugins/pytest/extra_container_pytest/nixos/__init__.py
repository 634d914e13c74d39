"""NixOS tests."""
