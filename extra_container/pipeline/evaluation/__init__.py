"""Evaluating and building a definition, apart from the rest since who installs a finished build does not need it."""
