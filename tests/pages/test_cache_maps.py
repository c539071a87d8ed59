"""What is kept of maps follows the run that they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.auditing.embedding.layout import PatchMap
from histo_core.config import DataConfig
from histo_core.workspace import Workspace
from pages.shared.cache import cache_maps


def test_a_resumed_runs_map_and_lasso_are_those_of_its_new_best_epoch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = {"best": "first"}

    def load_map(*_: object) -> PatchMap:
        xy = np.full((3, 2), 0.0 if run["best"] == "first" else 9.0, np.float32)
        return PatchMap(xy, xy, np.arange(3), (0.5, 0.3), "a run", "")

    monkeypatch.setattr(cache_maps, "dataset", lambda *_: None)
    monkeypatch.setattr(cache_maps, "feature_key", lambda *_: run["best"])
    monkeypatch.setattr("histo_core.auditing.embedding.layout.load_map", load_map)
    found = []
    for epoch in ("first", "first", "second"):
        run["best"] = epoch
        made = cache_maps.patch_map(DataConfig(), "run", workspace)
        rows = cache_maps.within(DataConfig(), "run/pca:-1,-1;1,-1;1,1;-1,1", workspace)
        assert made is not None
        assert rows is not None
        found.append((float(made.xy[0, 0]), len(rows)))
    assert found == [(0, 3), (0, 3), (9, 0)]
