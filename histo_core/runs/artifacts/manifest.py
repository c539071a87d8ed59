"""Write a run's ``manifest.json``: what is needed to repeat the run, and its files' hashes. It is written last."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.files import read_json, sha256, write_json
from histo_core.models.weights.manifest import read_manifest as read_checkpoint_manifest
from histo_core.runs.store.records import Run

SCHEMA = 1
PACKAGES = (
    *("histo-core", "torch", "torchvision", "lightning-fabric", "numpy", "pandas", "pyarrow", "scikit-learn"),
    *("pillow", "h5py", "safetensors", "pydantic"),
)
PROJECT = Path(__file__).resolve().parents[3]


def write_manifest(folder: Path, run: Run, dataset: Dataset, split: Split) -> None:
    """Write the manifest of a run; all its other files must exist."""
    names = ["config.yaml", "events.jsonl", "predictions.parquet", "checkpoint/manifest.json"]
    checkpoint = read_checkpoint_manifest(folder / "checkpoint")
    if checkpoint is not None:
        names += [f"checkpoint/{name}" for name in sorted(checkpoint.files)]
    write_json(
        folder / "manifest.json",
        {
            "schema": SCHEMA,
            "run_id": run.run_id,
            "config_hash": run.config_hash,
            "data_hash": run.data_hash,
            "split_fingerprint": split.fingerprint,
            "split_note": split.note,
            "dataset": dataset.name,
            "classes": list(dataset.classes),
            "positive": dataset.positive,
            "microns_per_pixel": dataset.microns_per_pixel,
            "patch_size": list(dataset.read([0])[0].shape[:2]),
            "packages": _versions(),
            "commit": _commit(),
            "device": run.device,
            "threads": run.config.train.threads or torch.get_num_threads(),
            "files": {name: sha256(folder / name) for name in names},
        },
    )


def is_complete(folder: Path, run: Run) -> bool:
    """Return whether the manifest exists and every file matches it, so that only the end must still be recorded."""
    try:
        manifest: dict[str, Any] = read_json(folder / "manifest.json")
        return manifest["config_hash"] == run.config_hash and all(
            sha256(folder / name) == digest for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    """Return the commit of the code, with ``+`` when files differ from it; None outside a checkout."""
    git = shutil.which("git")
    if git is None or not (PROJECT / ".git").exists():
        return None

    def ask(*arguments: str) -> str | None:
        done = subprocess.run([git, "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    head = ask("rev-parse", "HEAD")
    return head and head + ("+" if ask("status", "--porcelain", "--untracked-files=no") else "")
