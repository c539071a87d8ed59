"""A module that cannot be imported."""

import sys

sys.exit("this package needs another operating system")
