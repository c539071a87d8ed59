"""Results and figures as files that stand on their own: no server, no request to anywhere."""
