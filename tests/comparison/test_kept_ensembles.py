"""Kept ensembles: recipes and no predictions, computed from their members when they are loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.ensemble_recipe import KIND_NAMES, KIND_WORDS, KINDS, EnsembleRecipe, parse_recipe
from histo_core.comparison.entries import entry_name, is_run, load_entry, members_state, runs_behind
from histo_core.comparison.import_columns import ImportColumns
from histo_core.comparison.imported import delete_import, keep_import
from histo_core.comparison.kept_ensembles import (
    delete_ensemble,
    get_ensemble,
    is_ensemble,
    keep_ensemble,
    list_ensembles,
)
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError, ConfigError
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Make


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def two(make: Make) -> dict[str, RunPredictions]:
    return {run.run_id: run for run in (make("a1", "A", noise=1), make("b2", "B", noise=2))}


def tumour(run: RunPredictions) -> np.ndarray:
    return run.table["prob_tumour"].to_numpy()


def test_an_ensemble_is_kept_once_listed_and_deleted(workspace: Workspace) -> None:
    recipe = EnsembleRecipe("weighted", ("a1", "b2"), (0.7, 0.3))
    kept = keep_ensemble(" Ours ", recipe, workspace)
    assert kept == keep_ensemble("Ours", recipe, workspace) == get_ensemble(kept.id, workspace)
    assert (kept.name, kept.recipe) == ("Ours", recipe)
    assert is_ensemble(kept.id)
    assert not is_run(kept.id)
    other = keep_ensemble("Ours", EnsembleRecipe("mean", ("a1", "b2")), workspace)
    assert {one.id for one in list_ensembles(workspace)} == {kept.id, other.id}
    assert entry_name(kept.id, workspace) == "Ours"
    delete_ensemble(kept.id, workspace)
    assert [one.id for one in list_ensembles(workspace)] == [other.id]
    with pytest.raises(ComparisonError, match=kept.id):
        get_ensemble(kept.id, workspace)
    assert entry_name(kept.id, workspace) == f"{kept.id} (gone)"


def test_no_predictions_and_no_labels_are_written(workspace: Workspace) -> None:
    kept = keep_ensemble("Ours", EnsembleRecipe("vote", ("a1", "b2")), workspace)
    (file,) = (one for one in workspace.home.rglob("*") if one.is_file())
    assert file.name == f"{kept.id}.json"
    assert file.stat().st_size < 500


def test_it_is_computed_from_its_members(workspace: Workspace, two: dict[str, RunPredictions]) -> None:
    kept = keep_ensemble("Ours", EnsembleRecipe("weighted", ("b2", "a1"), (3, 1)), workspace)
    found = kept.predictions(two.__getitem__)
    assert (found.run_id, found.name) == (kept.id, "Ours")
    assert tumour(found) == pytest.approx(0.75 * tumour(two["b2"]) + 0.25 * tumour(two["a1"]))
    assert found.recipe == kept.recipe
    assert runs_behind([found, two["a1"]]) == ["b2", "a1"]


def test_a_member_that_is_gone_is_named(workspace: Workspace, make: Make) -> None:
    table = make("a1").table
    columns = ImportColumns("sample_id", {"normal": "prob_normal", "tumour": "prob_tumour"}, "y_true")
    ours = [keep_import(name, table, columns, "tumour", workspace) for name in ("first", "second")]
    kept = keep_ensemble("Ours", EnsembleRecipe("mean", tuple(one.id for one in ours)), workspace)
    state = members_state(kept.id, workspace)
    assert len(load_entry(kept.id, workspace).table) == len(table)
    delete_import(ours[1].id, workspace)
    assert members_state(kept.id, workspace) != state
    assert members_state(kept.id, workspace).endswith("gone")
    with pytest.raises(ComparisonError, match=f"The ensemble Ours .* lacks its member {ours[1].id}"):
        load_entry(kept.id, workspace)


def test_what_cannot_be_kept_is_refused(workspace: Workspace) -> None:
    recipe = EnsembleRecipe("mean", ("a1", "b2"))
    for name in ("", "x" * 121, "a\nb"):
        with pytest.raises(ConfigError, match="1 to 120"):
            keep_ensemble(name, recipe, workspace)
    nested = EnsembleRecipe("mean", (keep_ensemble("Ours", recipe, workspace).id, "c3"))
    with pytest.raises(ComparisonError, match="is an ensemble itself"):
        keep_ensemble("Theirs", nested, workspace)
    with pytest.raises(ComparisonError, match="2 numbers"):
        keep_ensemble("Theirs", EnsembleRecipe("weighted", ("a1", "b2"), (1.0,)), workspace)


def test_a_file_of_another_content_is_no_ensemble(workspace: Workspace) -> None:
    kept = keep_ensemble("Ours", EnsembleRecipe("mean", ("a1", "b2")), workspace)
    file = workspace.home / "ensembles" / f"{kept.id}.json"
    for content in ("{", "{}", '{"kind": "sum", "members": ["a", "b"], "weights": null, "name": "", "made_at": ""}'):
        file.write_text(content)
        assert list_ensembles(workspace) == []
        with pytest.raises(ComparisonError, match="can be read"):
            get_ensemble(kept.id, workspace)


def test_each_kind_is_named_and_says_when_it_misleads() -> None:
    assert set(KIND_NAMES) == set(KIND_WORDS) == set(KINDS)


def test_kinds_are_parsed() -> None:
    assert parse_recipe("vote", ["a", "b"]) == EnsembleRecipe("vote", ("a", "b"))
    assert parse_recipe(" weighted:0.7,0.3 ", ["a", "b"]) == EnsembleRecipe("weighted", ("a", "b"), (0.7, 0.3))
    for text, said in (("median", "Allowed: vote"), ("weighted", "no weights"), ("weighted:1,x", "Weights are numbers"),
                       ("weighted:1", "2 numbers"), ("mean:1,1", "was given weights")):  # fmt: skip
        with pytest.raises(ComparisonError, match=said):
            parse_recipe(text, ["a", "b"])


def test_members_on_other_data_bring_their_validation_sets(two: dict[str, RunPredictions]) -> None:
    """Stacking learns from them, and a threshold can be chosen there."""
    elsewhere = [
        replace(
            run,
            table=run.table[run.table["split"] == "test"].assign(y_true=None),
            validation=run.table[run.table["split"] == "valid"],
        )
        for run in two.values()
    ]
    at_home = ensemble(list(two.values()), "stacking")
    found = ensemble(elsewhere, "stacking")
    assert set(found.table["split"]) == {"test"}
    tested = at_home.table["split"] == "test"
    assert tumour(found) == pytest.approx(at_home.table.loc[tested, "prob_tumour"].to_numpy(), abs=1e-9)
    assert found.validation is not None
    assert found.validation["prob_tumour"].to_numpy() == pytest.approx(
        at_home.table.loc[~tested, "prob_tumour"].to_numpy(), abs=1e-9
    )


def test_an_imported_member_takes_labels_and_sets_of_the_others(two: dict[str, RunPredictions]) -> None:
    run, other = two.values()
    table = other.table.assign(split="test", y_true=None, patient_id=None)
    found = ensemble([run, replace(other, table=table, imported=True, fingerprint="", notes=("Not known.",))], "mean")
    assert tumour(found) == pytest.approx((tumour(run) + tumour(other)) / 2)
    assert found.table["split"].tolist() == run.table["split"].tolist()
    assert found.fingerprint == run.fingerprint
    assert (found.imported, found.notes) == (False, ("Not known.",))
