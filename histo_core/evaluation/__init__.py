"""Compute metrics, intervals and paired tests from arrays. Nothing here knows a run, a file or a page."""
