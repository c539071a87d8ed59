"""Kept splits: they come back, and fit nothing but their own samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from histo_core.config import SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import save_split, saved_splits
from histo_core.data.splits.split import fingerprint
from histo_core.errors import ConfigError, CorruptDataError, SplitError
from histo_core.workspace import Workspace

Make = Callable[..., Dataset]
CONFIG = SplitConfig(method="patient", folds=5, fold=3)
LABELS = [0, 1] * 30


@pytest.fixture
def dataset(make_dataset: Make) -> Dataset:
    return make_dataset(LABELS, patient_id=[f"P{row // 4}" for row in range(60)])


def saved(fingerprint: str) -> SplitConfig:
    return SplitConfig(method="saved", saved=fingerprint)


def test_a_saved_split_is_the_same_whatever_the_order_of_rows(dataset: Dataset, workspace: Workspace) -> None:
    made = make_split(dataset, CONFIG)
    folder = save_split(dataset, made, CONFIG, "  five patient-wise folds, the fourth ", workspace)
    assert sorted(file.name for file in folder.iterdir()) == ["parts.parquet", "split.json"]
    dataset.table = dataset.table.iloc[::-1].reset_index(drop=True)
    loaded = make_split(dataset, saved(made.fingerprint), workspace)
    np.testing.assert_array_equal(loaded.split_sets[::-1], made.split_sets)
    assert (loaded.method, loaded.fold, loaded.fingerprint) == ("patient", 3, made.fingerprint)
    assert loaded.note == f"A saved split. {made.note}"


@pytest.mark.parametrize(
    ("edit", "now"),
    [
        ({3: "P1", 4: "P2", 9: "P0"}, "3 of 15 patients stand in more than one set"),
        ({row: "P0" if row < 4 else None for row in range(60)}, "0 of 1 patients stand in more than one set"),
        (dict.fromkeys(range(60)), "patient ids are not known"),
    ],
)
def test_ids_that_changed_since_are_told(
    edit: dict[int, str | None], now: str, dataset: Dataset, workspace: Workspace
) -> None:
    split_sets = {f"P{group}": split_set for group, split_set in enumerate(["train", "test", "valid"] * 5)}
    made = make_split(dataset, SplitConfig(method="patient"))
    given = dataset.table["patient_id"].map(split_sets).to_numpy(dtype=object)
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    made = replace(made, split_sets=given, fingerprint=fingerprint(ids, labels, given.tolist()))
    save_split(dataset, made, SplitConfig(method="patient"), "mine", workspace)
    assert make_split(dataset, saved(made.fingerprint), workspace).note == f"A saved split. {made.note}"
    dataset.table["patient_id"] = [edit.get(row, name) for row, name in enumerate(dataset.table["patient_id"])]
    note = make_split(dataset, saved(made.fingerprint), workspace).note
    assert note.endswith(f" Patient, slide or group ids have changed since it was saved: now {now}.")


def test_a_chosen_column_that_changed_since_is_told(dataset: Dataset, workspace: Workspace) -> None:
    dataset.table["scanner"] = ["x", "y", "z", "u"] * 15
    config = SplitConfig(method="group", group="scanner")
    made = make_split(dataset, config)
    save_split(dataset, made, config, "by scanner", workspace)
    dataset.table["scanner"] = ["x", "y", "u", "z"] * 15
    assert "ids have changed since" in make_split(dataset, saved(made.fingerprint), workspace).note


def test_those_of_a_data_set_are_listed_newest_first(
    dataset: Dataset, make_dataset: Make, workspace: Workspace
) -> None:
    assert saved_splits(dataset, workspace) == ()
    other = make_dataset([0, 1] * 10)
    save_split(other, make_split(other, SplitConfig()), SplitConfig(), "another data set's", workspace)
    for seed in (0, 1):
        config = SplitConfig(seed=seed)
        save_split(dataset, make_split(dataset, config), config, f"seed {seed}", workspace)
    found = saved_splits(dataset, workspace)
    assert [each.name for each in found] == ["seed 1", "seed 0"]
    assert found[0].config == SplitConfig(seed=1)
    assert found[0].fingerprint == make_split(dataset, SplitConfig(seed=1)).fingerprint
    counts = make_split(dataset, SplitConfig(seed=1)).counts(dataset)
    assert found[0].counts == counts.to_dict(orient="index")
    assert [each.counts["test"]["patients"] for each in saved_splits(other, workspace)] == [None]


def test_saved_again_it_only_takes_the_new_name(dataset: Dataset, workspace: Workspace) -> None:
    made = make_split(dataset, CONFIG)
    save_split(dataset, made, CONFIG, "first", workspace)
    again = saved(made.fingerprint)
    save_split(dataset, make_split(dataset, again, workspace), again, "second", workspace)
    (found,) = saved_splits(dataset, workspace)
    assert (found.name, found.config) == ("second", CONFIG)
    assert found.note == made.note


def test_other_samples_or_labels_are_refused(dataset: Dataset, make_dataset: Make, workspace: Workspace) -> None:
    made = make_split(dataset, CONFIG)
    save_split(dataset, made, CONFIG, "mine", workspace)
    for other in (make_dataset([*LABELS, 0]), make_dataset([1, 0] * 30), make_dataset(LABELS[:-1])):
        assert saved_splits(other, workspace) == ()
        with pytest.raises(SplitError, match="'mine' was made from other samples or labels"):
            make_split(other, saved(made.fingerprint), workspace)


def test_a_damaged_one_hides_no_other(dataset: Dataset, workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    folders = []
    for seed in (0, 1):
        config = SplitConfig(seed=seed)
        folders.append(save_split(dataset, make_split(dataset, config), config, f"seed {seed}", workspace))
    (folders[0] / "split.json").write_text("{")
    assert [each.name for each in saved_splits(dataset, workspace)] == ["seed 1"]
    assert str(folders[0] / "split.json") in caplog.text


@pytest.mark.parametrize("wanted", ["0" * 64, "../../../etc", "", "F" * 64])
def test_what_is_not_there_is_refused(dataset: Dataset, workspace: Workspace, wanted: str) -> None:
    with pytest.raises(SplitError, match="No split is saved under") as caught:
        make_split(dataset, saved(wanted), workspace)
    assert caught.value.remedy


def test_it_is_not_divided_further_and_needs_a_workspace(dataset: Dataset, workspace: Workspace) -> None:
    made = make_split(dataset, CONFIG)
    save_split(dataset, made, CONFIG, "mine", workspace)
    with pytest.raises(SplitError, match="No split is saved"):
        make_split(dataset, saved(made.fingerprint))
    for further in ({"folds": 3}, {"subset": 10}):
        with pytest.raises(SplitError, match="taken as it is"):
            make_split(dataset, saved(made.fingerprint).model_copy(update=further), workspace)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "two\nlines"])
def test_a_name_is_one_line_of_text(dataset: Dataset, workspace: Workspace, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a split"):
        save_split(dataset, make_split(dataset, CONFIG), CONFIG, name, workspace)
    assert not (workspace.data / "splits").exists()


def test_names_are_text_never_paths(dataset: Dataset, workspace: Workspace) -> None:
    folder = save_split(dataset, make_split(dataset, CONFIG), CONFIG, "../<b>x</b>", workspace)
    assert folder.parent == workspace.data / "splits"
    assert saved_splits(dataset, workspace)[0].name == "../<b>x</b>"


def test_damage_is_told(dataset: Dataset, workspace: Workspace) -> None:
    made = make_split(dataset, CONFIG)
    folder = save_split(dataset, made, CONFIG, "mine", workspace)
    about = json.loads((folder / "split.json").read_text())
    (folder / "split.json").write_text("{")
    with pytest.raises(CorruptDataError, match=r"split\.json is damaged.*save it again"):
        make_split(dataset, saved(made.fingerprint), workspace)
    (folder / "split.json").write_text(json.dumps(about))
    content = (folder / "parts.parquet").read_bytes()
    (folder / "parts.parquet").write_bytes(content[:100])
    with pytest.raises(CorruptDataError, match=r"parts\.parquet is damaged"):
        make_split(dataset, saved(made.fingerprint), workspace)
    other = make_split(dataset, CONFIG.model_copy(update={"fold": 1}))
    swapped = save_split(dataset, other, CONFIG, "other", workspace)
    (folder / "parts.parquet").write_bytes((swapped / "parts.parquet").read_bytes())
    with pytest.raises(CorruptDataError, match=r"parts\.parquet is damaged"):
        make_split(dataset, saved(made.fingerprint), workspace)
