"""Which definition installed containers came from, so that it can be told, and evaluated again."""
