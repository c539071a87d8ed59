"""Explain page: explanations of one patch."""
