"""Command lines carried out beside the process that asks for it, so that they go on if that one ends."""
