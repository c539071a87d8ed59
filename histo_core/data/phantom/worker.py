"""Worker process that renders phantom patches: ``python -m histo_core.data.phantom.worker``.

It reads the options as one line of JSON, then one line ``<first> <end>`` for each chunk, and answers each with the raw
bytes of the images and of the packed masks. It ends when its input is closed, so it cannot outlive its parent.
"""

from __future__ import annotations

import sys

from histo_core.data.phantom.cohort import Cohort, PhantomOptions


def main() -> None:
    """Answer requests until the input ends."""
    cohort = Cohort(PhantomOptions.model_validate_json(sys.stdin.readline()))
    for line in sys.stdin:
        first, end = map(int, line.split())
        for array in cohort.render_chunk(first, end):
            sys.stdout.buffer.write(array.tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
