"""Results of commands as people and programs read them."""
