"""Files in a run's folder."""
