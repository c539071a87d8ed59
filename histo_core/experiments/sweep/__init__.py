"""Search settings with optuna: a sweep runs in a process of its own."""

from histo_core.extras import need_extra

need_extra("sweeps", "A sweep")
