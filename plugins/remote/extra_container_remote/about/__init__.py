"""What a machine says of itself to those that send it work: the command ``about`` and its document."""
