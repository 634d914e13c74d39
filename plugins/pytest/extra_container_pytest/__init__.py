"""Tests in booted NixOS containers: fixtures for pytest, and NixOS tests as they are."""
