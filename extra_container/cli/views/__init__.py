"""Results of commands as people and programs read them: pure functions from values to text and fields."""
