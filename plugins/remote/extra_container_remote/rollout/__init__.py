"""What a change of several machines needs beside doing it: that it is confirmed, and how far they are."""
