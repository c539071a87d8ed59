"""Faster copies of a data set's pixels on the local disk."""
