"""Zeros and ones as tables write them."""

from __future__ import annotations

import pytest

from histo_core.data.formats.truth import zero_or_one


@pytest.mark.parametrize(
    "cell", ["0", "0.0", "0.", ".0", "00", "-0.0", "+0", "0e5", "False", "FALSE", " false ", "0\t"]
)
def test_zeros(cell: str) -> None:
    assert zero_or_one(cell) == 0


@pytest.mark.parametrize("cell", ["1", "1.0", "1.", "01", "+1", "1e0", "10e-1", "True", "TRUE", " true"])
def test_ones(cell: str) -> None:
    assert zero_or_one(cell) == 1


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "2",
        "0.5",
        "-1",
        "1.0000001",
        "nan",
        "inf",
        "yes",
        "tumour",
        "1_0",
        "0x1",
        "1,0",
        "t",
        "\u0661",
        "1e999",
    ],
)
def test_neither(cell: str) -> None:
    assert zero_or_one(cell) is None
