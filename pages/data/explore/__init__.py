"""Show the views of a data set."""
