"""Compare runs on the same samples: check what may be compared, compute the numbers, state the verdict."""
