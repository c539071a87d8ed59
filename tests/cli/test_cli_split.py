"""``data split`` and ``data splits``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Call = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> list[str]:
    """Two classes of twelve patches, as the options that name them."""
    random = np.random.default_rng(0)
    for row in range(24):
        path = tmp_path / "mine" / ("benign" if row % 2 else "malignant") / f"p{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    return ["--dataset", "folder", "--root", str(tmp_path / "mine")]


def test_every_fold_is_shown_and_kept(call: Call, folder: list[str]) -> None:
    done = call("data", "split", *folder, "--by", "random", "--folds", "3", "--save", "three")
    assert done.code == 0, done.err
    assert [line for line in done.out.splitlines() if line.startswith("Fold ")] == [
        f"Fold {fold} of 3, counted from 0, divided at random: 8 of 24 patches are held out for test; patients are not "
        "kept together, so patches of one patient may stand on both sides."
        for fold in range(3)
    ]
    listed = call("data", "splits", *folder).out.splitlines()
    assert listed[0].split() == ["name", "saved", "(UTC)", "train", "valid", "test", "fingerprint"]
    assert sorted(line.split("  ")[0] for line in listed[1:]) == [f"three (fold {fold})" for fold in range(3)]


def test_a_saved_one_is_taken_by_its_fingerprint(call: Call, folder: list[str]) -> None:
    made = call("data", "split", *folder, "--by", "random", "--test", "0.5", "--save", "mine").out
    fingerprint = made.partition("Fingerprint: ")[2][:64]
    again = call("data", "split", *folder, "--by", "saved", "--saved", fingerprint)
    assert again.code == 0, again.err
    assert fingerprint in again.out
    assert "A saved split. Split at random: 12 of 24 patches" in again.out


def test_a_check_divides_as_asked(call: Call, folder: list[str]) -> None:
    done = call("data", "check", *folder, "--split", "random", "--folds", "3", "--fold", "1")
    assert (done.code, done.err) == (0, "")
    assert "Fold 1 of 3, counted from 0, divided at random: 8 of 24 patches" in done.out


def test_none_saved_says_how(call: Call, folder: list[str]) -> None:
    assert call("data", "splits", *folder).out.startswith("No split of these samples is saved. Save one with:")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--by", "patient"), "has no patient ids"),
        (("--folds", "3", "--fold", "3"), "fold counts from 0 to 2"),
        (("--by", "group"), "group belongs to method"),
        (("--valid", "0.8"), "must leave something to train on"),
        (("--by", "saved", "--saved", "abc"), "No split is saved under"),
    ],
)
def test_what_cannot_be_split_is_one_message(
    call: Call, folder: list[str], arguments: tuple[str, ...], says: str
) -> None:
    done = call("data", "split", *folder, *arguments)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err
