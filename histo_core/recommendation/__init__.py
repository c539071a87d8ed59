"""Recommend a run's configuration from what is known of the data, the machine and the time."""
