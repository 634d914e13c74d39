"""What comes of the answers of several plugins."""
