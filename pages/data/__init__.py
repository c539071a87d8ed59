"""Data page: a data set, its split and its patches."""
