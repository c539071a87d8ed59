"""Files of weights: read, write, download, check, export."""
