"""The address at which the processes of a run connect. A separate module, because it is imported before PyTorch."""

MEETING_FILE = "HISTOSCOPE_RANKS"
"""Environment variable: the file through which one machine's processes connect; else torchrun's address is used."""
