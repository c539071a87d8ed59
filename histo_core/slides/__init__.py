"""Slides: tiles, and patches where they sat."""
