"""Helper processes change how fast patches come, not what they are."""

import sys
from collections.abc import Generator
from itertools import islice

import numpy as np
import psutil
import pytest

from histo_core.data.phantom.cohort import PhantomOptions
from histo_core.data.phantom.workers import CHUNK, render_in_order

OPTIONS = PhantomOptions(patches=80, patients=4)


def joined(chunks: Generator[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    images, masks = zip(*chunks, strict=True)
    return np.concatenate(images), np.concatenate(masks)


@pytest.fixture(scope="module")
def drawn_here() -> tuple[np.ndarray, np.ndarray]:
    return joined(render_in_order(OPTIONS, workers=0))


def test_two_other_processes_draw_the_same_bytes(drawn_here: tuple[np.ndarray, np.ndarray]) -> None:
    images, masks = joined(render_in_order(OPTIONS, workers=2))
    assert images.shape == (80, 96, 96, 3)
    assert masks.shape == (80, 96, 12)
    np.testing.assert_array_equal(images, drawn_here[0])
    np.testing.assert_array_equal(masks, drawn_here[1])


@pytest.mark.parametrize("executable", ["/bin/false", "/nowhere/python"])
def test_without_helpers_it_is_drawn_here(
    monkeypatch: pytest.MonkeyPatch, drawn_here: tuple[np.ndarray, np.ndarray], executable: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    images, _ = joined(render_in_order(OPTIONS, workers=2))
    np.testing.assert_array_equal(images, drawn_here[0])


def test_helpers_are_gone_when_the_drawing_is_stopped() -> None:
    before = set(psutil.Process().children(recursive=True))
    chunks = render_in_order(PhantomOptions(patches=1000, patients=4), workers=2)
    images, _ = next(islice(chunks, 1))
    assert len(images) == CHUNK
    assert len(set(psutil.Process().children(recursive=True)) - before) == 2
    chunks.close()
    assert set(psutil.Process().children(recursive=True)) == before
