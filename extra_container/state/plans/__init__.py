"""Plans that are kept in files."""
