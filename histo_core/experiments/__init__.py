"""Run folds, repeats and sweeps as one experiment, with mean, standard deviation and interval."""
