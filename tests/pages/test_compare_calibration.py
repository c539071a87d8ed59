"""Compare's tab Calibration: before and after, kept with the run, and shown by Predict and Explain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, newest, press, run_named, texts
from streamlit.testing.v1 import AppTest
from wiring import as_file, control, controls, tried

from histo_core.cli.compare_json import comparison_json
from histo_core.comparison.api import compare
from histo_core.comparison.join import load
from histo_core.comparison.recalibrate import recalibrate
from histo_core.config import PredictConfig
from histo_core.prediction.kept_calibration import kept_calibration, remove_calibration
from histo_core.prediction.predict import predict_with
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

KEEP, REMOVE, CHOICE = "Keep this calibration with the run", "Remove the calibration", "Calibration"
SAID = "calibrated by Platt scaling on validation"
CONTROLS = {
    "button_group: Coverage": "test_prediction_sets_have_the_chosen_coverage",
    "selectbox: Model to calibrate": "test_the_chosen_model_is_judged",
    "download_button: Download the calibration as CSV": "test_the_table_has_the_numbers_of_compare_json",
    "selectbox: Calibration": "test_a_kept_calibration_is_shown_by_predict_and_explain_and_removed",
    "button: Keep this calibration with the run": "test_a_kept_calibration_is_shown_by_predict_and_explain_and_removed",
    "button: Remove the calibration": "test_a_kept_calibration_is_shown_by_predict_and_explain_and_removed",
}
"""The tab's controls, and the tests that pin where each of them leads."""


@pytest.fixture
def run(finished: Workspace) -> Iterator[Run]:
    found = run_named(finished, "Small CNN")
    yield found
    remove_calibration(found.run_id, finished)


def _sound(page: AppTest) -> AppTest:
    assert not page.exception
    assert not page.error, page.error[0].value
    return page


def _opened(open_page: OpenPage, run: Run, **params: Any) -> AppTest:
    return _sound(open_page("compare", **({"runs": [run.run_id], "tab": "Calibration"} | params)))


def _table(page: AppTest) -> pd.DataFrame:
    return next(one.value for one in page.dataframe if "Slope" in one.value)


def test_the_table_has_the_numbers_of_compare_json(
    finished: Workspace, run: Run, open_page: OpenPage, given: dict[str, Any]
) -> None:
    shown = _table(_opened(open_page, run))
    said = comparison_json(compare([run.run_id], finished))["runs"][0]["calibration"]
    after = {name: found for name, found in said["recalibrated"].items() if not found["reason"]}
    assert len(after) >= 1
    columns = {"Slope": "slope", "Intercept": "intercept", "Brier score": "brier", "Log loss": "log_loss", "ECE": "ece"}
    for row, numbers in enumerate([said, *after.values()]):
        for column, name in columns.items():
            one = numbers[name]
            text = f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
            assert shown[column].iloc[row] == ("not defined" if np.isnan(one["value"]) else text)
        assert shown["ECE if calibrated"].iloc[row] == f"{numbers['ece_if_calibrated']:.3f}"
    raw = pd.read_csv(as_file(given["calibration.csv"]())).set_index(["probabilities", "number"])
    for method, numbers in after.items():
        assert raw.loc[(method, "brier_change"), "value"] == pytest.approx(numbers["brier_gain"]["value"], rel=1e-12)
        assert raw.loc[(method, "brier_change"), "high"] == pytest.approx(numbers["brier_gain"]["high"], rel=1e-12)
    assert said["kept"] is None


def test_the_chosen_model_is_judged(finished: Workspace, run: Run, open_page: OpenPage) -> None:
    other = newest(finished)
    page = _sound(open_page("compare", runs=[run.run_id, other.run_id], tab="Calibration", split_set="valid"))
    assert control(page, "Model to calibrate").value == run.run_id
    tried(page, {"Model to calibrate": other.run_id})
    assert page.query_params["calibrated"] in (other.run_id, [other.run_id])
    table = load(other, finished).table.query("split == 'valid'")
    brier = ((table["prob_tumour"] - (table["y_true"] == "tumour")) ** 2).mean()
    assert _table(_sound(page))["Brier score"].tolist()[0].startswith(f"{brier:.3f}")


def test_a_kept_calibration_is_shown_by_predict_and_explain_and_removed(
    finished: Workspace, run: Run, open_page: OpenPage
) -> None:
    page = _opened(open_page, run)
    tried(page, {CHOICE: "platt"})
    press(page, KEEP)
    kept = kept_calibration(run, finished)
    assert kept is not None
    assert kept.fitted.method == "platt"
    said = texts(_sound(page)).replace("\\", "")
    assert "Kept with this run: Platt scaling, fitted on" in said
    expected = recalibrate(load(run, finished), "platt").table.query("split == 'test'").set_index("sample_id")

    predict_with(run.run_id, PHANTOM, finished, split=run.config.split, predict=PredictConfig(parts=("test",)))
    page = _sound(open_page("predict", run=run.run_id, dataset="phantom", options=json.dumps(PHANTOM.options)))
    assert SAID in texts(page).replace("\\", "")
    shown = next(one.value for one in page.dataframe if "prob_tumour" in one.value).set_index("sample_id")
    assert shown["prob_tumour"].to_dict() == pytest.approx(expected["prob_tumour"].to_dict(), abs=1e-6)
    assert shown["y_pred"].to_dict() == expected["y_pred"].to_dict()
    figures = next(one.value for one in page.dataframe if "Where" in one.value)
    assert figures["Sensitivity"].nunique() == 1, "these data are its own test set: both rows are calibrated"
    tumour = expected[expected["y_true"] == "tumour"]
    assert figures["Sensitivity"].iloc[0].startswith(f"{(tumour['prob_tumour'] >= 0.5).mean():.3f}")

    page = _sound(open_page("explain", run=run.run_id, patch=str(expected.index[0]), split_set="test"))
    header = page.header[0].value.replace("\\", "")
    row = expected.iloc[0]
    assert f"The model says {row['y_pred']} (" in header
    assert f"{SAID}; its own probability is" in header
    bars = [bar.proto.text for bar in page.get("progress")]
    assert any(bar.startswith("tumour") and f"{row['prob_tumour']:.0%}" in bar for bar in bars), bars

    page = press(_opened(open_page, run), REMOVE)
    assert kept_calibration(run, finished) is None
    assert REMOVE not in [button.label for button in _sound(page).button]
    page = _sound(open_page("predict", run=run.run_id, dataset="phantom", options=json.dumps(PHANTOM.options)))
    assert "calibrated by" not in texts(page)


def test_a_damaged_file_is_said_and_removed(finished: Workspace, run: Run, open_page: OpenPage) -> None:
    file = finished.run_folder(run.run_id) / "calibration.json"
    file.write_text("{")
    page = _opened(open_page, run)
    assert any("cannot be read" in warning.value for warning in page.warning)
    press(page, REMOVE)
    assert not file.exists()


def test_prediction_sets_have_the_chosen_coverage(finished: Workspace, run: Run, open_page: OpenPage) -> None:
    page = tried(_opened(open_page, run), {"Coverage": 0.8})
    assert page.query_params["coverage"] in ("0.8", ["0.8"])
    shown = next(one.value for one in _sound(page).dataframe if "Coverage" in one.value).set_index("Class")
    table = load(run, finished).table
    valid = table.query("split == 'valid' and y_true == 'tumour'")["prob_tumour"].sort_values(ascending=False)
    limit = valid.iloc[int(np.ceil((len(valid) + 1) * 0.8 - 1e-9)) - 1]
    assert shown.loc["tumour", "In the set from"] == f"{limit:.3f}"
    test = table.query("split == 'test' and y_true == 'tumour'")["prob_tumour"]
    assert shown.loc["tumour", "Coverage"].startswith(f"{(test >= limit).mean():.3f}")
    other = _sound(open_page("compare", runs=[run.run_id], tab="Calibration", split_set="valid"))
    assert "Prediction sets" not in other.header.values


def test_where_the_gain_cannot_be_judged_the_page_says_why(run: Run, open_page: OpenPage) -> None:
    page = _sound(open_page("compare", runs=[run.run_id], tab="Calibration", split_set="valid"))
    said = texts(page).replace("\\", "")
    assert "each of 5 parts of the patients" in said or "5 or more are needed" in said


def test_every_control_has_a_test(finished: Workspace, run: Run, open_page: OpenPage) -> None:
    before = {one.name for one in controls(open_page("compare", runs=[run.run_id]))}
    page = _opened(open_page, run)
    press(page, KEEP)
    assert control(page, REMOVE)
    assert {one.name for one in controls(page)} - before - set(CONTROLS) == set(), "name the test that pins it"
    del finished
