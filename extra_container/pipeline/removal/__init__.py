"""What the removal of containers needs beside :mod:`.destroy`."""
