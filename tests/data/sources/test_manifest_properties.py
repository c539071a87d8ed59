"""Properties of manifests: the order of rows decides nothing, and no path leads out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from histo_core.config import SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.sources.manifest_files import NamedFiles
from histo_core.data.sources.manifest_table import ManifestDataset, ManifestOptions
from histo_core.data.splits.make_split import make_split
from histo_core.errors import DataError
from histo_core.workspace import Workspace

MANY = settings(derandomize=True, deadline=None, max_examples=50)
IMAGES = [f"img/{number}.png" for number in range(6)]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder ``mine`` of six files that are called images, and one beside it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "mine"
        (root / "img").mkdir(parents=True)
        for image in IMAGES:
            (root / image).write_bytes(b"")
        (root.parent / "secret.png").write_bytes(b"")
        (root / "out").symlink_to(root.parent)
        yield root


PIECES = st.sampled_from(
    ["img", "mine", "Mine", "out", "..", ".", "C:", "\\\\server\\share", "0.png", "secret.png", ""]
)
PATHS = st.one_of(
    st.tuples(st.lists(PIECES, max_size=5), st.sampled_from(["/", "\\"])).map(lambda made: made[1].join(made[0])),
    st.text("/\\.:Cimg01\0 ", max_size=12).map("{}.png".format),
)


@MANY
@given(paths=st.lists(PATHS, min_size=1, max_size=20))
def test_no_path_leads_out_and_what_is_found_is_there(paths: list[str]) -> None:
    with folder() as root:
        files = NamedFiles(root)
        for path in paths:
            found, wrong = files.find(path)
            assert files.wrong(path) == wrong
            if not wrong:
                assert Path(os.path.realpath(root / found)).is_relative_to(root)
                assert (root / found).is_file()
            else:
                assert found == path


@MANY
@given(
    image=st.sampled_from(IMAGES), start=st.sampled_from(["", "C:\\x\\mine\\", "d:/MINE/", "\\\\s\\t\\Mine\\", ".\\"])
)
def test_a_path_of_windows_is_the_one_with_forward_slashes(image: str, start: str) -> None:
    with folder() as root:
        assert NamedFiles(root).find(start + image.replace("/", "\\")) == (image, "")


def opened(root: Path, table: pd.DataFrame) -> Dataset | str:
    table.to_csv(root / "manifest.csv", index=False)
    try:
        return ManifestDataset.open(root, ManifestOptions(), Workspace(root.parent))
    except DataError as error:
        return type(error).__name__


@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 14), kind=st.sampled_from([".csv", "split"]))
def test_the_order_of_the_rows_changes_no_label_no_problem_and_no_split(seed: int, rows: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "path": random.choice([*IMAGES, "img\\1.png", "none.png"], rows),
            "label": random.choice(["a", "b", "b", ""], rows),
            "patient_id": random.choice(["P1", "P2", "P3", ""], rows),
            "slide_id": random.choice(["S1", "S2", ""], rows),
        }
    )
    if kind == "split":
        table["split"] = random.choice(["train", "train", "Val", "test", ""], rows)
    with folder() as root:
        first = opened(root, table)
        second = opened(root, table.iloc[random.permutation(rows)])
    assert isinstance(first, str) == isinstance(second, str)
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        return
    one, other = (each.table.set_index("sample_id").sort_index() for each in (first, second))
    pd.testing.assert_frame_equal(one, other)
    assert sorted(first.problems) == sorted(second.problems)
    config = SplitConfig(valid=0, test=0.3)
    try:
        expected = make_split(first, config).fingerprint
    except DataError:
        return
    assert make_split(second, config).fingerprint == expected
