"""Store runs as rows of a database."""
