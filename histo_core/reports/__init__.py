"""Write results and figures as self-contained files that need no server and make no requests."""
