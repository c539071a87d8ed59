"""Apply a run to other data and keep its predictions."""
