"""Predict: each control, set to another value, is in what the job is asked to predict, and the link says so.

A new control needs a row in `ROWS`, or a test of its own under `ELSEWHERE`; without one the last test fails.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from other_values import other_values
from page_helpers import PHANTOM, OpenPage, press, run_named
from streamlit.testing.v1 import AppTest
from wiring import controls, fill, tried

from histo_core.config import DataConfig, PredictConfig, SplitConfig
from histo_core.data.class_mapping import propose_mapping
from histo_core.data.dataset import DATASETS
from histo_core.prediction.predict import predict_with
from histo_core.workspace import Workspace
from pages.predict.predict_form import NO_CLASS, PATCHES, VIEWS

Job = tuple[str, dict[str, Any]]
OTHER = DataConfig(dataset="phantom", options={"patches": 60, "patients": 6, "seed": 3})
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], SplitConfig | None]] = {
    "as offered": ({}, {}, None),
    "selectbox: Patches": ({"url.split_set": "train"}, {"parts": ("train",)}, SplitConfig()),
    "selectbox: Test-time augmentation": ({"url.views": "symmetries"}, {"tta": "symmetries"}, None),
    "selectbox: Combine views by": (
        {"url.views": "flips", "url.combine": "vote"},
        {"tta": "flips", "combine": "vote"},
        None,
    ),
}
"""What is set one after the other; the changed fields of `PredictConfig`; and the division that is asked for."""
ELSEWHERE = {
    "selectbox: Model": "test_the_run_that_is_chosen_is_asked",
    "selectbox: Data set": "test_the_form_of_the_data_goes_into_the_link",
    "button: Use these data": "test_the_form_of_the_data_goes_into_the_link",
    "button: Predict": "test_what_is_set_is_predicted",
    "button: Write the ONNX file": "test_the_network_itself_is_written_of_the_run_on_show",
    "selectbox: Show": "test_the_table_shows_and_gives_away_what_is_chosen",
    "selectbox: Predicted class": "test_the_table_shows_and_gives_away_what_is_chosen",
    "download_button: Download these as CSV": "test_the_table_shows_and_gives_away_what_is_chosen",
    "download_button: Download all as Parquet": "test_the_table_shows_and_gives_away_what_is_chosen",
    "download_button: Submission to Kaggle": "test_predict_page: what is handed in",
    "download_button: HTML": "a chart's own",
    "download_button: CSV": "a chart's own",
}


def _link(data: DataConfig, **params: str) -> dict[str, str]:
    return {"dataset": data.dataset, "options": json.dumps(data.options), **params}


def _asked(run_id: str, predict: dict[str, Any], split: SplitConfig | None) -> dict[str, Any]:
    how = PredictConfig(**predict).model_dump(mode="json")
    if split is None:
        del how["parts"]  # all patches, of whatever set
    return {
        "run_id": run_id,
        "data": OTHER.model_dump(mode="json"),
        "split": None if split is None else split.model_dump(mode="json"),
        "predict": how,
        "classes": None,
    }


@pytest.mark.parametrize("name", ROWS)
def test_what_is_set_is_predicted(name: str, finished: Workspace, open_page: OpenPage, started: list[Job]) -> None:
    given, predict, split = ROWS[name]
    run_id = run_named(finished, "Small CNN").run_id
    page = open_page("predict", run=run_id, **_link(OTHER))
    for key, value in given.items():
        tried(page, {key: value})
        assert page.query_params[key.removeprefix("url.")] == value
    press(page, "Predict")
    expected = ("predict", _asked(run_id, predict, split))
    assert started == [expected]
    again = open_page("predict", **{one: page.query_params[one] for one in page.query_params})
    press(again, "Predict")
    assert started == [expected] * 2


def test_every_field_of_a_prediction_is_set_by_some_row() -> None:
    assert {field for _, predict, _ in ROWS.values() for field in predict} == set(PredictConfig.model_fields)


@pytest.mark.parametrize("field", ["split_set", "views"])
def test_every_choice_of_the_model_is_offered(field: str, finished: Workspace, open_page: OpenPage) -> None:
    from typing import get_args

    page = open_page("predict", **_link(OTHER))
    offered = page.selectbox(key=f"url.{field}").options
    if field == "split_set":
        assert offered == [PATCHES[name] for name in ("all", "test", "valid", "train")]
    else:
        assert offered == [VIEWS[name] for name in get_args(PredictConfig.model_fields["tta"].annotation)]


def test_the_run_that_is_chosen_is_asked(finished: Workspace, open_page: OpenPage, started: list[Job]) -> None:
    from histo_core.runs.store.runs import Store

    newest = Store.open(finished).runs()[0].run_id
    other = run_named(finished, "Small CNN").run_id
    assert newest != other
    page = open_page("predict", **_link(OTHER))
    tried(page, {"url.run": other})
    press(page, "Predict")
    assert [params["run_id"] for _, params in started] == [other]


def test_the_division_of_the_link_is_asked_for(finished: Workspace, open_page: OpenPage, started: list[Job]) -> None:
    page = open_page("predict", **_link(OTHER, split_set="valid", split='{"seed": 6}'))
    press(page, "Predict")
    assert started[0][1]["split"] == SplitConfig(seed=6).model_dump(mode="json")


def test_classes_stand_for_what_is_chosen(
    finished: Workspace, open_page: OpenPage, started: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"benign": 3, "malignant": 4, "normal": 5, "Tumor": 6}
    monkeypatch.setattr(
        "pages.predict.predict_form.mapping_for", lambda source, classes, trained_on: propose_mapping(counts, classes)
    )
    page = open_page("predict", **_link(OTHER))
    assert [page.selectbox(key=f"url.means.{name}").value for name in ("benign", "malignant", "Tumor")] == [
        NO_CLASS,
        NO_CLASS,
        "tumour",
    ]
    said = next(warning.value for warning in page.warning if "do not count" in warning.value).replace("\\", "")
    assert "Tumor counts as tumour (another spelling); 7 of 18 labelled patches do not count" in said
    tried(page, {"url.means.benign": "normal"})
    tried(page, {"url.means.malignant": "tumour"})
    press(page, "Predict")
    assert not [warning for warning in page.warning if "do not count" in warning.value]
    assert started[0][1]["classes"] == {"benign": "normal", "malignant": "tumour", "Tumor": "tumour"}
    tried(page, {"url.means.malignant": NO_CLASS})
    tried(page, {"url.means.Tumor": NO_CLASS})
    press(page, "Predict")
    assert started[1][1]["classes"] == {"benign": "normal", "malignant": "", "Tumor": ""}
    again = open_page("predict", **{one: page.query_params[one] for one in page.query_params})
    press(again, "Predict")
    assert started[2] == started[1], "the link keeps the choice, also that of no label"


def test_the_form_of_the_data_goes_into_the_link(finished: Workspace, open_page: OpenPage) -> None:
    run_id = run_named(finished, "Small CNN").run_id
    page = open_page("predict", run=run_id)
    values = {name: value for name, value in other_values(DATASETS["phantom"].Options).items() if name != "grades"}
    fill(page, values, prefix=f"predict.{PHANTOM.model_dump_json()}.phantom.")
    page.run()
    press(page, "Use these data")
    assert page.query_params["run"] == run_id
    assert page.query_params["dataset"] == "phantom"
    assert json.loads(page.query_params["options"]) == values


def test_the_network_itself_is_written_of_the_run_on_show(
    finished: Workspace, open_page: OpenPage, started: list[Job]
) -> None:
    run_id = run_named(finished, "Small CNN").run_id
    press(open_page("predict", run=run_id, **_link(OTHER)), "Write the ONNX file")
    assert started == [("onnx", {"run_id": run_id})]


@pytest.fixture(scope="module")
def predicted(finished_workspace: Workspace) -> Any:
    """Predictions of the other data."""
    run_id = run_named(finished_workspace, "Small CNN").run_id
    return predict_with(run_id, OTHER, finished_workspace, predict=PredictConfig(), device="cpu")


def test_the_table_shows_and_gives_away_what_is_chosen(
    predicted: Any, finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    table = predicted.table()
    sure = table[["prob_normal", "prob_tumour"]].max(axis=1)
    kept = {"all": sure > 0, "wrong": table["y_true"] != table["y_pred"], "unsure": sure < 0.75}
    page = open_page("predict", run=predicted.run_id, **_link(OTHER))
    for show, says in product(kept, ("", "normal", "tumour")):
        tried(page, {"url.show": show, "url.says": says})
        expected = table[kept[show] & ((table["y_pred"] == says) | (not says))]["sample_id"].tolist()
        shown = next(frame.value for frame in page.dataframe if "prob_tumour" in frame.value)
        assert shown["sample_id"].tolist() == expected, (show, says)
        text = given[f"predictions-{predicted.id}.csv"]().decode()
        assert len(text.splitlines()) == len(expected) + 1
    assert (page.query_params["show"], page.query_params["says"]) == ("unsure", "tumour")
    assert given[f"predictions-{predicted.id}.parquet"]() == (predicted.folder / "predictions.parquet").read_bytes()


@pytest.mark.parametrize("params", [{}, _link(OTHER), _link(OTHER, views="flips"), _link(PHANTOM)])
def test_every_control_has_a_row(
    params: dict[str, str], predicted: Any, finished: Workspace, open_page: OpenPage
) -> None:
    page: AppTest = open_page("predict", run=predicted.run_id, **params)
    found = {one.name for one in controls(page) if not one.key.startswith("predict.")}
    assert found - set(ROWS) - set(ELSEWHERE) == set(), "add a row, or say under ELSEWHERE which test pins it"
