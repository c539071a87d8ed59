"""Data sets, networks and explanation methods that other packages register by entry points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from histo_core.data import DATASETS, Dataset

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).parent / "plug_in"

WARNINGS = ("-W", "error", "-W", "ignore:`torch.jit:DeprecationWarning")
"""All are errors but PyTorch 2.11's of itself."""
USE = """
import json, logging, sys
from pathlib import Path
logging.basicConfig(format="%(message)s", stream=sys.stderr)
from histo_core import DATASETS, EXPLAINERS, MODELS, Predictor, RunConfig, explain, fit, make_split, open_dataset

config = RunConfig.parse({
    "data": {"dataset": "stripes", "options": {"patches": 80}},
    "model": {"name": "tiny"},
    "train": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "device": "cpu", "threads": 1},
})
dataset = open_dataset(config.data)
folder = Path("run")
events = list(fit(config, dataset, make_split(dataset, config.split), folder))
predictor = Predictor.from_run(folder, "cpu")
found = explain(predictor, dataset.read([1])[0], "brightness", target="striped")
print(json.dumps({
    "datasets": list(DATASETS), "models": list(MODELS)[-1], "explainers": list(EXPLAINERS),
    "phantom": DATASETS["phantom"].__module__, "epochs": len([e for e in events if type(e).__name__ == "EpochDone"]),
    "model": predictor.name, "brightest": int(found.map.sum(axis=1).argmax()), "influence": found.influence is not None,
}))
"""

PAGES = """
import json
from page_helpers import opened_page

def options(page):
    app = opened_page(page)
    assert not app.exception, app.exception
    found = {box.label: box.options for box in app.selectbox}
    assert "Data set" in found, list(found)
    return found["Data set"]

print(json.dumps({page: options(page) for page in ("data", "train")}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `plug_in`, installed by pip into a folder of its own."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for file in ("pyproject.toml", "src/stripes.py", "src/stripes_broken.py"):
        (source / file).parent.mkdir(exist_ok=True)
        (source / file).write_text((PACKAGE / file).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--target", str(folder), str(source)],
        check=True,
    )  # fmt: skip
    return folder


def python(installed: Path, home: Path, *arguments: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(map(str, (PROJECT, installed, PROJECT / "tests" / "pages")))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "HISTOSCOPE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_members_of_another_package_are_used_like_our_own(installed: Path, tmp_path: Path) -> None:
    done = python(installed, tmp_path / "home", *WARNINGS, "-c", USE, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "datasets": [*OURS, "stripes"],
        "models": "tiny",
        "explainers": ["gradcam", "lime", "brightness"],
        "phantom": DATASETS["phantom"].__module__,
        "epochs": 2,
        "model": "tiny",
        "brightest": pytest.approx(16, abs=4),
        "influence": True,
    }
    assert sorted(line for line in done.stderr.splitlines() if "is left out" in line) == LEFT_OUT


OURS = ["phantom", "breakhis", "folder", "idc", "kpcam", "manifest", "neuroblastoma", "pcam"]
LEFT_OUT = [
    "The data set 'function' of stripes 1.2 (stripes:build) is left out: TypeError: it is no subclass of "
    f"{Dataset.__module__}.Dataset. Update or uninstall the package.",
    "The data set 'phantom' of stripes 1.2 (stripes:Stripes) is left out: ValueError: data set 'phantom' is already "
    "registered. Update or uninstall the package.",
    "The data set 'unfinished' of stripes 1.2 (stripes:Unfinished) is left out: TypeError: it does not define open, "
    "read_source. Update or uninstall the package.",
    "The explanation method 'broken' of stripes 1.2 (stripes_broken:Nothing) is left out: SystemExit: this package "
    "needs another operating system. Update or uninstall the package.",
    "The model 'misnamed' of stripes 1.2 (stripes:TINY) is left out: ValueError: its specification is named 'tiny'. "
    "Update or uninstall the package.",
]


def test_the_command_line_lists_them(installed: Path, tmp_path: Path) -> None:
    data = python(installed, tmp_path, "-m", "histo_core", "data", "list")
    assert data.returncode == 0, data.stderr
    assert "stripes" in data.stdout
    assert "Striped noise" in data.stdout
    assert "data set 'phantom' is already registered" in data.stderr


def test_the_pages_list_them(installed: Path, tmp_path: Path) -> None:
    done = python(installed, tmp_path, "-c", PAGES)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert "Striped noise" in found["data"]
    assert "Striped noise" in found["train"]
