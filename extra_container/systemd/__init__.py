"""systemd and its tools, one module each."""
