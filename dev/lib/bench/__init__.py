"""What ``dev/bench`` measures, and how that is shown."""
