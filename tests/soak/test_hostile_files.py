"""1,000 hostile files: each gives what is expected of it, in at most 5 s and 1 GB, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("hostile.py")
SECONDS, MEGABYTES = 5.0, 1024.0


def outcomes(count: int, seed: int, seconds: float) -> list[dict]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--count", str(count), "--seed", str(seed)],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(found: list[dict], count: int) -> str:
    """Fail on the files that went wrong, else say the figures."""
    assert len(found) == count
    wrong = [
        one
        for one in found
        if one["found"] not in one["expected"] or one["seconds"] > SECONDS or one["megabytes"] > MEGABYTES
    ]
    slowest = max(found, key=lambda one: one["seconds"])
    largest = max(found, key=lambda one: one["megabytes"])
    refused = sum(one["found"] != "read" for one in found)
    said = (
        f"{count:,} hostile files: {refused:,} refused in words, {count - refused:,} read, {len(wrong)} wrong; at most "
        f"{slowest['seconds']:.2f} s ({slowest['name']}) and {largest['megabytes']:.0f} MB ({largest['name']}) each"
    )
    assert not wrong, f"{said}\n" + "\n".join(map(str, wrong))
    return said


def test_a_sample_of_hostile_files_is_refused_in_words() -> None:
    check(outcomes(60, seed=20261129, seconds=240), 60)


@pytest.mark.soak
def test_a_thousand_hostile_files_are_refused_in_words() -> None:
    print(check(outcomes(1_000, seed=0, seconds=3_500), 1_000))
