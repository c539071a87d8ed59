"""Cached results, keyed by what they are made of."""
