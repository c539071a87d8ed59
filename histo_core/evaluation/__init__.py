"""Arrays in, numbers out: metrics, intervals and paired tests. Nothing here knows a run, a file or a page."""
