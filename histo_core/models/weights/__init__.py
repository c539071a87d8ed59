"""Files of weights: read, write, fetch, check, hand on."""
