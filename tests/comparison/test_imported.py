"""Imported predictions are kept under their name, and join a comparison with the labels of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.compare import compare
from histo_core.comparison.import_columns import ImportColumns
from histo_core.comparison.imported import (
    FACTS,
    TABLE,
    Imported,
    delete_import,
    get_import,
    is_import,
    keep_import,
    list_imports,
)
from histo_core.comparison.join import join
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.threshold import ThresholdRule
from histo_core.errors import ComparisonError, ConfigError, CorruptDataError
from histo_core.maintenance.hashes import check_predictions
from histo_core.workspace import Workspace

COLUMNS = ImportColumns("id", {"normal": "", "tumour": "p"}, "label")


def rows(run: RunPredictions, split_set: str | None = "test") -> pd.DataFrame:
    """What another program might write of a run's patches."""
    kept = run.table if split_set is None else run.table[run.table["split"] == split_set]
    return pd.DataFrame({"id": kept["sample_id"], "p": kept["prob_tumour"], "label": kept["y_true"]})


def kept(workspace: Workspace, given: pd.DataFrame, name: str = "Theirs") -> Imported:
    return keep_import(name, given, COLUMNS, "tumour", workspace, source="theirs.csv")


def test_it_is_kept_once_found_again_and_deleted(workspace: Workspace, make) -> None:
    given = rows(make())
    found = kept(workspace, given)
    assert is_import(found.id)
    assert not is_import("4547d1de99b8-1")
    assert (found.name, found.rows, found.labelled, found.source) == ("Theirs", 120, 120, "theirs.csv")
    assert datetime.fromisoformat(found.made_at).tzinfo is not None
    assert kept(workspace, given) == found == get_import(found.id, workspace)
    other = kept(workspace, given, "Others")
    assert {one.id for one in list_imports(workspace)} == {found.id, other.id}
    delete_import(found.id, workspace)
    assert [one.id for one in list_imports(workspace)] == [other.id]
    assert [path.name for path in found.folder.parent.iterdir()] == [other.id]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\nb", "a\0b"])
def test_a_name_that_cannot_be_shown_is_refused(workspace: Workspace, make, name: str) -> None:
    with pytest.raises(ConfigError, match="name = "):
        kept(workspace, rows(make()), name)
    assert not list_imports(workspace)


def test_changed_or_unreadable_files_are_refused(workspace: Workspace, make) -> None:
    found, other = kept(workspace, rows(make())), kept(workspace, rows(make(noise=1)))
    (found.folder / TABLE).write_bytes((other.folder / TABLE).read_bytes())
    with pytest.raises(CorruptDataError, match="not those that were written"):
        found.predictions()
    assert [finding.where for finding in check_predictions(workspace)] == [f"imported/{found.id}"]
    (other.folder / FACTS).write_text("[]")
    for name in (other.id, "import-0000000000000000", "../../etc"):
        with pytest.raises(ComparisonError, match="no imported predictions"):
            get_import(name, workspace)
    assert [one.id for one in list_imports(workspace)] == [found.id]


def test_it_is_compared_like_the_run_that_it_was_taken_from(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    joined = join([run, kept(workspace, rows(run, None)).predictions()])
    np.testing.assert_allclose(joined.probabilities[0], joined.probabilities[1], atol=1e-12)
    assert joined.group_kind == "patient"
    assert joined.notes == ("Theirs (imported): whether it has learnt from these patches is not known.",)
    at = compare(joined, threshold=ThresholdRule("youden")).results
    assert at[0].metrics.threshold == pytest.approx(at[1].metrics.threshold), "its rows of the validation set count"
    assert at[1].name == "Theirs (imported)"


def test_its_labels_are_shown_where_they_differ_and_never_taken(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    given = rows(run)
    first = given["label"].iloc[0]
    other = "normal" if first == "tumour" else "tumour"
    given.loc[given.index[0], "label"] = other
    given.loc[given.index[1], "label"] = None
    joined = join([run, kept(workspace, given).predictions()])
    np.testing.assert_array_equal(joined.y_true, join([run]).y_true)
    assert joined.notes[1] == (
        f"1 patch of Theirs (imported) has another label than in A, whose labels count: s0000 is {other} in the "
        f"imported table and {first} here."
    )
    assert joined.notes[1] in compare(joined).warnings


def test_missing_patches_are_refused_and_cut_on_request(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    theirs = kept(workspace, rows(run).iloc[:100]).predictions()
    with pytest.raises(ComparisonError) as refused:
        join([run, theirs])
    assert str(refused.value) == (
        "A has 120 test samples: Theirs (imported) shares 100 of its 100. Numbers on different samples say nothing "
        "about the models. Import predictions of all of them, or compare on the shared samples only."
    )
    assert len(join([run, theirs], shared_only=True).y_true) == 100
    split = make("b2", "B", fingerprint="0" * 64)
    with pytest.raises(ComparisonError, match="B shares 120 of its 120; Theirs"):
        join([run, split, theirs])


def test_patches_that_are_not_known_are_counted(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    given = pd.concat([rows(run), pd.DataFrame({"id": ["strange"], "p": [0.5], "label": ["normal"]})])
    joined = join([run, kept(workspace, given).predictions()])
    assert joined.notes[1] == "1 of the 121 rows of Theirs (imported) are of patches that A does not have."
    with pytest.raises(ComparisonError, match="no labelled test sample"):
        join([run, kept(workspace, given.iloc[-1:]).predictions()])


def test_several_imports_need_labels_from_one_of_them(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    one = kept(workspace, rows(run)).predictions()
    two = kept(workspace, rows(make(noise=1)).assign(label=None), "Second").predictions()
    np.testing.assert_array_equal(join([two, one]).y_true, join([run]).y_true)
    with pytest.raises(ComparisonError, match=r"Second \(imported\) say nothing about the labels"):
        join([two])


def test_classes_of_other_names_are_joined_and_several_may_stand_for_one(workspace: Workspace, make) -> None:
    run = make("a1", "A")
    given = rows(run).assign(q=lambda table: 1 - table["p"], r=0.0)
    columns = ImportColumns("id", {"benign": "q", "malignant": "p", "in situ": "r"})
    theirs = keep_import("Three", given, columns, "malignant", workspace).predictions()
    said = {"benign": "normal", "malignant": "tumour", "in situ": "tumour"}
    with pytest.raises(ComparisonError, match="same classes"):
        join([run, theirs])
    joined = join([run, theirs], classes=said)
    np.testing.assert_allclose(joined.probabilities[0], joined.probabilities[1], atol=1e-12)
    assert joined.runs[1].classes == ("normal", "tumour")
    assert joined.notes[0].startswith("The classes of Three (imported) are read as those of A: benign as normal")


def test_predictions_of_other_data_choose_their_threshold_on_their_own_validation_set(make) -> None:
    run = make("a1", "A")
    elsewhere = make("0123456789abcdef", "A on other data", seed=4)
    table = elsewhere.table.assign(split="test")
    found = replace(elsewhere, table=table, validation=run.table)
    youden = ThresholdRule("youden")
    chosen = compare(join([found]), threshold=youden).results[0].metrics.threshold
    assert chosen == compare(join([run]), threshold=youden).results[0].metrics.threshold
    with pytest.raises(ComparisonError, match="no labelled validation predictions"):
        compare(join([replace(found, validation=None)]), threshold=youden)
