"""Train page: launch and watch runs."""
