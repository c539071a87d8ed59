"""Runs joined on their samples: what may be compared, the numbers, and the verdict in one sentence."""
