"""Carry out runs in worker processes, watched by a supervisor."""
