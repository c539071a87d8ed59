"""Measure the agreement of readers and models, and choose patches to show."""
