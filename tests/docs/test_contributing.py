"""The recipes of CONTRIBUTING.md work as they stand: their code is put where they say, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_files import PROJECT

_BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = dict(_BLOCK.findall((PROJECT / "CONTRIBUTING.md").read_text()))

WARNINGS = ("-W", "error", "-W", "ignore::ResourceWarning", "-W", "ignore:`torch.jit:DeprecationWarning")
"""All are errors but files left open, and PyTorch 2.11's of itself."""
TRY = """
import importlib, sys
from pathlib import Path

import numpy as np
from PIL import Image

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig
from histo_core.workspace import Workspace

folder, files = Path(sys.argv[1]), sys.argv[2:]
for file in files:  # beside the members that are there
    name = file.removesuffix(".py").replace("/", ".")
    *above, room, _ = name.split(".")
    importlib.import_module(".".join(above)).__path__.append(str((folder / file).parents[1]))
    importlib.import_module(f"{'.'.join(above)}.{room}").__path__.append(str((folder / file).parent))
    importlib.import_module(name)
"""

USE = {
    "histo_core/data/sources/": """
from histo_core.data.opening import open_dataset
patches = folder / "patches"
patches.mkdir()
for name in ("P1_normal_1", "P1_tumour_2", "P2_tumour_1", "wrong", "P3_other_1", "P_4_tumour_1"):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(patches / f"{name}.png")
workspace = Workspace(folder / "home")
dataset = open_dataset(DataConfig(dataset="named_patches", root=str(patches), skip_broken=True), workspace)
assert dataset.table["sample_id"].tolist() == ["P1_normal_1", "P1_tumour_2", "P2_tumour_1"], dataset.table
assert dataset.table["label"].tolist() == [0, 1, 1]
assert dataset.table["patient_id"].tolist() == ["P1", "P1", "P2"]
assert len(dataset.read([0, 2])) == 2
""",
    "histo_core/models/zoo/": """
import torch
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network
torch.manual_seed(0)
network = build_network(ModelConfig(name="two_convs"), 2, (32, 32))
model = ModelConfig(name="two_convs")
predictor = Predictor(network, Preprocess(PreprocessConfig(crop=32)), ("normal", "tumour"), "tumour", model)
image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
assert predictor.probabilities([image]).shape == (1, 2)
""",
    "histo_core/explanation/": """
from histo_core.explanation.base import EXPLAINERS
explained = EXPLAINERS["occlusion"]().attribute(predictor, image, 1)
assert explained.map.shape == image.shape[:2] and explained.map.any()
assert not explained.map[~explained.seen].any()
image[:] = 255
assert not EXPLAINERS["occlusion"]().attribute(predictor, image, 1).map.any(), "white hides nothing of white"
""",
    "pages/networks/": """
from types import SimpleNamespace
from streamlit.testing.v1 import AppTest
import pages.networks.page
from histo_core.config import RunConfig
names = ("gcnn_p4", "vgg16", "vgg16")
runs = [SimpleNamespace(config=RunConfig(model=ModelConfig(name=name))) for name in names]
pages.networks.page.find_runs = lambda store, wanted, limit: SimpleNamespace(runs=runs)
shown = AppTest.from_string("from pages.networks.page import render; render()", default_timeout=60).run()
assert not shown.exception, shown.exception
verdict = shown.header[0].value.replace(chr(92), "")  # pages escape what Markdown would read
assert (shown.title[0].value, verdict) == ("Networks", "2 networks in 3 runs."), verdict
assert shown.dataframe[0].value.to_numpy().tolist() == [["vgg16", 2], ["gcnn_p4", 1]]
""",
}  # fmt: skip


def test_the_code_of_each_recipe_does_what_it_says(tmp_path: Path) -> None:
    assert [file.rpartition("/")[0] + "/" for file in CODE] == list(USE)
    for file in CODE:
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(CODE[file])
    script = "\n".join([TRY, *USE.values()])
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", script, tmp_path, *CODE],
        cwd=PROJECT,
        env=os.environ | {"HISTOSCOPE_DATA_ROOTS": str(tmp_path), "HISTOSCOPE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", CODE)
def test_the_code_of_each_recipe_is_as_ruff_wants_it(file: str) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *command, "--stdin-filename", file, "-"],
            input=CODE[file],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_recipe_is_short() -> None:
    """At most 30 lines, without imports, blank lines and docstrings."""
    left_out = ("import", "from", '"""')
    for file, code in CODE.items():
        lines = [line for line in code.splitlines() if line.strip() and not line.lstrip().startswith(left_out)]
        assert 10 <= len(lines) <= 30, f"{file}: {len(lines)} lines"
