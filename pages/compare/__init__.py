"""Compare page: several runs on the same patches."""
