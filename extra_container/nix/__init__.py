"""Nix: command lines, errors and builds; beside them the evaluation code and the host base."""
