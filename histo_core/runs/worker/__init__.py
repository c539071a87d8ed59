"""Processes that carry out runs, and the supervisor that watches them."""
