"""The end of SSH keys that may call this program and speak Nix' protocol of stores, and nothing else."""
