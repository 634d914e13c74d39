"""The commands ``report`` and ``host``."""
