"""The name under which this program was called, for messages that say what to type next."""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPT, MODULE = "histoscope", "python -m histo_core"


def program_name(first_argument: str) -> str:
    """Name the program by ``sys.argv[0]``: the installed script by its name, all else as the module.

    >>> program_name("/home/me/venv/bin/histoscope")
    'histoscope'
    >>> program_name("/home/me/histoscope/histo_core/__main__.py")
    'python -m histo_core'
    """
    return SCRIPT if Path(first_argument).stem == SCRIPT else MODULE


PROGRAM = program_name(sys.argv[0] if sys.argv else "")
"""How this process was called. Read once: Streamlit puts its own arguments into ``sys.argv``."""
