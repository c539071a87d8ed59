"""One process of several that share runs on the dots: carries out a list of them and writes what it saw.

``python ranked.py PLAN.json``: a list of {config, folder, stop_after, broken}; the environment says who it is.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from dots import Dots, split_of
from torch import nn

from histo_core.config import Config, PreprocessConfig, RunConfig
from histo_core.errors import DataError
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.training.distributed.meeting import MEETING_FILE
from histo_core.training.loop import fit
from histo_core.workspace import Workspace


def plain(n_classes: int, input_size: tuple[int, int], options: Config) -> nn.Module:
    """Neither batch normalisation nor dropout: what it learns does not depend on how a batch is dealt."""
    del input_size, options
    features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
    return nn.Sequential(features, nn.Flatten(), nn.Linear(24, n_classes))


def register_plain() -> None:
    if "plain" not in MODELS:
        MODELS.add(
            "plain",
            ModelSpec(
                name="plain",
                title="",
                summary="",
                build=plain,
                Options=Config,
                head="2",
                gradcam_layer=lambda network, input_size: network,
                smallest_input=8,
                preprocess=PreprocessConfig(),
                imagenet=None,
                paper="",
            ),
        )


class Broken(Dots):
    """Cannot be read by the last process after its first few batches."""

    def read_source(self, indices) -> np.ndarray:
        if os.environ["RANK"] == "1" and self.reads > 10:
            raise DataError("A patch is broken.")
        return super().read_source(indices)


def carry_out(plan: dict) -> dict:
    """Events, and the error that ended it."""
    dataset = (Broken if plan["broken"] else Dots).drawn()
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        # Rank 1 alone is asked to stop: the others must agree.
        return os.environ.get("RANK") == "1" and asked == plan["stop_after"]

    begun, seen, error = time.monotonic(), [], ""
    folder = Path(plan["folder"])
    try:
        events = fit(
            RunConfig.model_validate(plan["config"]),
            dataset,
            split_of(dataset),
            folder,
            should_stop=should_stop,
            workspace=Workspace(folder / "home"),
        )
        seen.extend({"kind": type(event).__name__} | vars(event) for event in events)
    except Exception as caught:  # told to the test
        error = f"{type(caught).__name__}: {caught}"
    return {"events": seen, "error": error, "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    register_plain()
    results = []
    for number, plan in enumerate(json.loads(Path(sys.argv[1]).read_text())):
        os.environ[MEETING_FILE] = f"{sys.argv[1]}.{number}.meeting"  # each run's processes meet anew
        results.append(carry_out(plan))
    Path(f"{sys.argv[1]}.{os.environ['RANK']}.json").write_text(json.dumps(results, default=str))
