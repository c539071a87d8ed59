"""Where the processes of a run meet. Apart, because it is asked before PyTorch is loaded."""

MEETING_FILE = "HISTOSCOPE_RANKS"
"""Environment variable: the file in which processes of one machine meet. Without it they meet at torchrun's address."""
