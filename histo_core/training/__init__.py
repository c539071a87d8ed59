"""Training: loop, checkpoints and predictions."""
