"""Define the router, URL state, and the server's middleware."""
