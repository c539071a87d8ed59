"""Train one run on several devices."""
