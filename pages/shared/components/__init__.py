"""Provide components that several pages share."""
