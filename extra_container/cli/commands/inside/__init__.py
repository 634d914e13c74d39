"""Commands that reach into a running container."""
