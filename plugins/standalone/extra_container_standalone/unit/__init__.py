"""What a container's unit says: parsed, and asked what of it a host without systemd can give."""
