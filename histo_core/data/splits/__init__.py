"""Which samples train, which choose, and which are held out."""
