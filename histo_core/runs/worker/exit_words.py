"""How a process ended, in words, and what to do about it."""

from __future__ import annotations

import signal

from histo_core.runs.store.records import Run


def memory_advice(run: Run) -> str:
    """What to do when it was memory: the kernel kills without a word, so this is a guess, and says so."""
    held = f" It held {run.progress.memory_bytes / 2**30:.1f} GB when last seen." if run.progress else ""
    smaller = run.config.train.batch_size // 2
    advice = f"launch again with a batch size of {smaller}" if smaller else "resize to fewer pixels"
    return f"{held} If memory ran out, {advice}."


def exit_words(code: int) -> str:
    """An exit code, or the number of the signal that killed the process, below 0, as a clause."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # real-time signals have none
        name = f"signal {-code}"
    return f"was killed by {name}{' (out of memory, or by hand)' if name == 'SIGKILL' else ''}"
