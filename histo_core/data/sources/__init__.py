"""Readers of data sets, one source a file."""
