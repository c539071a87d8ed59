"""Provide what several pages use."""
