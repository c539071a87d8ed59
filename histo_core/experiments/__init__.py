"""Several runs as one answer: folds, repeats and sweeps, with mean, spread and interval."""
