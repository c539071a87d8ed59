from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
import torch

from histo_core.training.fabric import fabric_on


def test_importing_it_leaves_logging_and_the_environment_alone() -> None:
    """In a process of its own, without the handlers that pytest adds."""
    code = (
        "import logging, os; before = dict(os.environ); import histo_core.training.fabric; "
        "print(logging.getLogger('lightning_fabric').handlers, "
        "[name for name in os.environ if 'CUDA_CHECK' in name and name not in before])"
    )
    environment = {name: value for name, value in os.environ.items() if "CUDA_CHECK" not in name}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert (told.stdout, told.stderr) == ("[] []\n", "")
    assert logging.getLogger("lightning_fabric").propagate


def test_a_clusters_variables_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "train", "SLURM_JOB_ID": "1", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    fabric = fabric_on(torch.device("cpu"))
    assert (str(fabric.device), fabric.world_size) == ("cpu", 1)
