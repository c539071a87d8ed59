"""Classify histopathology patches: data, models, training, comparison and explanation, without a browser."""

__version__ = "0.1.0"
