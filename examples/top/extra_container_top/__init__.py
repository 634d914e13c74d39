"""The command ``top``."""

ec_requires_api = 2
