"""What containers were before: shown, brought back, thrown away."""
