"""Run the command line as ``python -m histo_core``."""

from histo_core.cli import main

if __name__ == "__main__":
    main()
