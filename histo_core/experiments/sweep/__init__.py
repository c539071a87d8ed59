"""Sweeps: search settings with optuna in a process of their own."""

from histo_core.extras import need_extra

need_extra("sweeps", "A sweep")
