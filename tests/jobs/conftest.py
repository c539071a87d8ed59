"""Jobs in processes of their own."""

from left_alive import nothing_stays_alive  # noqa: F401 (used by every test here)
