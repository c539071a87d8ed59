"""Runs: launched, queued, trained in processes of their own, resumed, found again."""
