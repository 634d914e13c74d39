"""What the command line is, read from the parsers: what completion, manual pages and suggestions are made of."""
