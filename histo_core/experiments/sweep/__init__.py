"""Sweeps: search settings with optuna in a process of their own."""
