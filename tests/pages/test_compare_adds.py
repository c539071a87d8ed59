"""Compare's place to add models: runs from the table, predictions on other data, and tables of other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, newest, press, run_named, texts
from streamlit.testing.v1 import AppTest
from wiring import control, controls, tried

from histo_core.comparison.imported import delete_import, list_imports
from histo_core.comparison.join import load
from histo_core.config import PredictConfig
from histo_core.prediction.predict import predict_with
from histo_core.prediction.stored import PredictionSet
from histo_core.runs.store.records import Run
from histo_core.runs.store.run_table import RunRow
from histo_core.workspace import Workspace
from pages.compare import chooser

MODELS = "Models"


@pytest.fixture
def small(finished: Workspace) -> Run:
    return run_named(finished, "Small CNN")


@pytest.fixture(scope="module")
def predicted(finished_workspace: Workspace) -> PredictionSet:
    """Predictions of the test set of the runs' data, mirrored, so that they are not the run's own."""
    run = run_named(finished_workspace, "Small CNN")
    how = PredictConfig(parts=("test",), tta="flips")
    return predict_with(run.run_id, PHANTOM, finished_workspace, split=run.config.split, predict=how, device="cpu")


@pytest.fixture
def theirs(small: Run, finished: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A table of another program, in whose words the classes have other names."""
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(tmp_path))
    table = load(small, finished).table.query("split == 'test'")
    label = table["y_true"].map({"normal": "Normal", "tumour": "tumor"}).to_list()
    label[0] = "tumor" if label[0] == "Normal" else "Normal"
    file = tmp_path / "theirs.csv"
    columns = {"image": table["sample_id"], "score": table["prob_tumour"], "what": label, "=1+1": 1}
    pd.DataFrame(columns).to_csv(file, index=False)
    yield file
    for one in list_imports(finished):
        delete_import(one.id, finished)


def _opened(open_page: OpenPage, source: str, **params: Any) -> AppTest:
    page = open_page("compare", **params)
    assert not [frame for frame in page.dataframe if "Patches" in frame.value], "nothing is read before it is opened"
    page.session_state["compare.add"] = True
    page.run()
    tried(page, {"compare.add.from": source})
    return _sound(page)


def _sound(page: AppTest) -> AppTest:
    assert not page.exception
    assert not page.error, page.error[0].value
    return page


def _chosen(page: AppTest) -> list[str]:
    return list(control(page, MODELS).value)


def _tick(monkeypatch: pytest.MonkeyPatch, *places: int) -> None:
    """Tick rows: AppTest cannot."""
    monkeypatch.setattr(chooser, "_ticked", lambda rows, *_: [name for at, name in enumerate(rows) if at in places])


def test_runs_are_ticked_in_the_shared_table(
    finished: Workspace, small: Run, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = newest(finished)
    # On the validation set, because another test counts the looks at the other run's test set.
    page = _opened(open_page, chooser.RUNS, runs=[small.run_id], part="valid")
    (frame,) = (one.value for one in page.dataframe if "network" in one.value)
    assert set(frame["network"]) == {"cnn_narrow", "cnn_rnn"}
    drawn = chooser.shared_table.draw

    def ticked(rows: Sequence[RunRow], key: str) -> list[RunRow]:
        drawn(rows, key)
        return [row for row in rows if row.run_id == other.run_id]

    monkeypatch.setattr(chooser.shared_table, "draw", ticked)
    page.run()
    press(page, "Add the ticked 1")
    assert _chosen(_sound(page)) == [small.run_id, other.run_id]
    press(page, "Compare the ticked 1 alone")
    assert _chosen(_sound(page)) == [other.run_id]
    assert page.query_params["runs"] in (other.run_id, [other.run_id])


def test_predictions_on_other_data_are_added_and_joined(
    finished: Workspace, small: Run, predicted: PredictionSet, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(open_page, chooser.PREDICTED, runs=[small.run_id])
    (frame,) = (one.value for one in page.dataframe if "With a label" in one.value)
    assert "Small CNN on Phantom tissue (test), flips" in set(frame["Predictions"])
    _tick(monkeypatch, frame["Predictions"].tolist().index("Small CNN on Phantom tissue (test), flips"))
    page.run()
    press(page, "Add the ticked 1")
    assert _chosen(_sound(page)) == [small.run_id, predicted.id]
    models = next(one.value["Model"] for one in page.dataframe if "Sensitivity" in one.value)
    assert models.tolist() == ["Small CNN", "Small CNN on Phantom tissue (test), flips"]
    links = [one for one in controls(page) if one.name == "page_link: Patches it got wrong"]
    assert len(links) == 1, "Explain shows runs only"
    alone = _sound(open_page("compare", runs=[predicted.id], rule="validation:youden"))
    assert "reaches an AUROC of" in texts(alone)


def test_a_table_of_another_program_is_mapped_checked_and_compared(
    finished: Workspace, small: Run, theirs: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(open_page, chooser.IMPORTED, runs=[small.run_id])
    tried(page, {"compare.import.path": str(theirs)})
    said = texts(_sound(page)).replace("\\", "")
    assert control(page, "Id of the patch").value == "image", "proposed by its name"
    assert control(page, "Probability of tumour").value == "score"
    assert control(page, "Probability of normal").value == ""
    n = len(load(small, finished).table.query("split == 'test'"))
    assert f"{n} patches, 0 of them with a label. {n} are among the" in said
    tried(page, {"Label": "=1+1"})
    assert "is no class" in page.error[0].value
    assert not [button for button in page.button if button.label == "Import"]
    tried(page, {"Label": "what", "Name of the model": "**Theirs**"})
    assert f"{n} of them with a label" in texts(_sound(page)).replace("\\", "")
    press(page, "Import")
    (kept,) = list_imports(finished)
    assert (kept.name, kept.source, kept.rows, kept.labelled) == ("**Theirs**", "theirs.csv", n, n)
    assert _chosen(_sound(page)) == [small.run_id, kept.id]
    warned = " ".join(warning.value.replace("\\", "") for warning in page.warning)
    assert "1 patch of **Theirs** (imported) has another label than in Small CNN, whose labels count" in warned
    assert "whether it has learnt from these patches is not known" in warned
    models = next(one.value["Model"] for one in page.dataframe if "Sensitivity" in one.value)
    assert models.tolist() == ["Small CNN", "**Theirs** (imported)"]
    _tick(monkeypatch, 0)
    page.run()
    press(page, "Delete the ticked 1")
    assert list_imports(finished) == []
    assert _chosen(page) == [small.run_id]


def test_an_import_without_a_known_id_cannot_be_made(
    small: Run, theirs: Path, finished: Workspace, open_page: OpenPage
) -> None:
    table = pd.read_csv(theirs, dtype=str)
    table.assign(image="x" + table["image"]).to_csv(theirs, index=False)
    page = _opened(open_page, chooser.IMPORTED, runs=[small.run_id])
    tried(page, {"compare.import.path": str(theirs)})
    assert any("No id is known" in warning.value for warning in page.warning)
    assert next(button for button in page.button if button.label == "Import").disabled
    tried(page, {"compare.import.path": "/etc/passwd"})
    assert "outside the folders that may be read" in page.error[0].value.replace("\\", "")


def test_a_file_is_uploaded(small: Run, theirs: Path, finished: Workspace, open_page: OpenPage) -> None:
    page = _opened(open_page, chooser.IMPORTED, runs=[small.run_id])
    control(page, "compare.import.file").upload("up.csv", theirs.read_bytes(), "text/csv").run()
    assert control(_sound(page), "Name of the model").value == "up"
    press(page, "Import")
    assert [one.name for one in list_imports(finished)] == ["up"]


ADDS = {
    "button_group: Add from": "each test here",
    "multiselect: Columns": "test_all_runs: what the shared table shows",
    "toggle: One row for folds and seeds": "test_all_runs: what the shared table shows",
    "button: Add the ticked 1": "test_runs_are_ticked_in_the_shared_table",
    "button: Compare the ticked 1 alone": "test_runs_are_ticked_in_the_shared_table",
    "button: Delete the ticked 1": "test_a_table_of_another_program_is_mapped_checked_and_compared",
    "file_uploader: Predictions (CSV or Parquet)": "test_a_file_is_uploaded",
    "text_input: Or a file on this machine": "test_a_table_of_another_program_is_mapped_checked_and_compared",
    "text_input: Name of the model": "test_a_table_of_another_program_is_mapped_checked_and_compared",
    "selectbox: Id of the patch": "test_a_table_of_another_program_is_mapped_checked_and_compared",
    "selectbox: Probability of normal": "test_each_column_that_is_chosen_is_imported",
    "selectbox: Probability of tumour": "test_each_column_that_is_chosen_is_imported",
    "selectbox: Label": "test_a_table_of_another_program_is_mapped_checked_and_compared",
    "button: Import": "test_a_table_of_another_program_is_mapped_checked_and_compared",
}
"""The controls of the place to add models, and the tests that pin where each of them leads."""


@pytest.mark.parametrize("source", [chooser.RUNS, chooser.PREDICTED, chooser.IMPORTED])
def test_every_control_has_a_test(
    source: str, small: Run, theirs: Path, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {one.name for one in controls(open_page("compare", runs=[small.run_id]))}
    _tick(monkeypatch, 0)
    page = _opened(open_page, source, runs=[small.run_id])
    if source == chooser.IMPORTED:
        tried(page, {"compare.import.path": str(theirs)})
    assert {one.name for one in controls(page)} - before - set(ADDS) == set(), "name the test that pins it"


def test_each_column_that_is_chosen_is_imported(
    small: Run, theirs: Path, finished: Workspace, open_page: OpenPage
) -> None:
    table = pd.read_csv(theirs, dtype=str).rename(columns={"score": "first"})
    table.assign(second=1 - table["first"].astype(float), other=table["image"]).to_csv(theirs, index=False)
    page = _opened(open_page, chooser.IMPORTED, runs=[small.run_id])
    tried(page, {"compare.import.path": str(theirs)})
    assert "No column gives the probability of normal, tumour" in page.error[0].value
    tried(page, {"Probability of normal": "first", "Probability of tumour": "second", "Id of the patch": "other"})
    press(_sound(page), "Import")
    (kept,) = list_imports(finished)
    found = kept.predictions().table.set_index("sample_id")
    expected = load(small, finished).table.set_index("sample_id").loc[found.index]
    assert found["prob_normal"].to_numpy() == pytest.approx(expected["prob_tumour"].to_numpy(), abs=1e-9)


def test_what_is_no_longer_there_is_named(small: Run, open_page: OpenPage) -> None:
    page = open_page("compare", runs=[small.run_id, "import-0123456789abcdef", "0123456789abcdef"])
    said = " ".join(warning.value for warning in page.warning)
    assert "import-0123456789abcdef" in said.replace("\\", "")
    assert "'0123456789abcdef'" in said.replace("\\", "")
    assert _chosen(_sound(page)) == [small.run_id]
