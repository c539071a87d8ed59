"""Predict page: a finished model on other patches."""
