"""One source of data a file."""
