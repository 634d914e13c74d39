"""Result documents: what came of a command that changes something, for programs."""
