"""The views of a data set."""
