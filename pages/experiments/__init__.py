"""Experiments page: folds, repeats and sweeps."""
