from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import torch

from histo_core.training.fabric import fabric_on


def test_importing_it_leaves_logging_alone() -> None:
    """In a process of its own, without the handlers that pytest adds."""
    code = "import logging, histo_core.training.fabric; print(logging.getLogger('lightning_fabric').handlers)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("[]\n", "")
    assert logging.getLogger("lightning_fabric").propagate


def test_a_clusters_variables_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "train", "SLURM_JOB_ID": "1", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    fabric = fabric_on(torch.device("cpu"))
    assert (str(fabric.device), fabric.world_size) == ("cpu", 1)
