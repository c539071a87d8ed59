"""Apply a run to other data."""
