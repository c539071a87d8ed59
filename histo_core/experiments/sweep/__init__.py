"""Search settings with optuna: a sweep runs in a process of its own."""
