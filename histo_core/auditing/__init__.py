"""Audit a data set and a split: find leakage, duplicates, unusable patches and shortcuts."""
