"""Runs as rows of a database."""
