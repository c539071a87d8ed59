"""The router, addresses, and the server's own middleware."""
