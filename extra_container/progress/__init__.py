"""What Nix does while it works, for people who wait."""
