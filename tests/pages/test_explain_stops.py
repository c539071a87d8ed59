"""An explanation that takes long ends when its visitor leaves."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st
from page_helpers import run_named

from histo_core.explanation.lime import LimeOptions
from histo_core.workspace import Workspace
from pages.shared.cache import cache_runs

STEPS = 3


class _LeftError(BaseException):
    """As Streamlit's own signals, no `Exception`."""


class _State:
    """A session whose visitor leaves after some looks."""

    def __init__(self) -> None:
        self.looks = 0

    def get(self, name: str) -> None:
        del name
        self.looks += 1
        if self.looks > STEPS:
            raise _LeftError


def test_the_work_ends_at_the_next_batch_and_half_a_map_is_never_kept(
    finished: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, image = run_named(finished, "Small CNN"), np.full((96, 96, 3), 120, np.uint8)
    options = LimeOptions(samples=500).model_dump_json()
    key = run.run_id, str(run.ended_at), "an image", "lime", options, 0, finished
    cache_runs.predictor(*key[:2], finished)
    state = _State()
    with monkeypatch.context() as left:
        left.setattr(st, "session_state", state)
        with pytest.raises(_LeftError):
            cache_runs.explanation(*key, image)
    assert state.looks == STEPS + 1
    assert cache_runs.explanation(*key, image).map.shape == (96, 96), "the network answers as before"
