"""Explain: each control, set to another value, changes what the core is asked, and the link says so.

A new control needs a row in `EXPLAIN`; without one the last test fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from other_values import other_values
from page_helpers import OpenPage, newest, run_named
from wiring import as_file, control, controls, fill, tried
from wiring_spy import Row, Spy, check

from histo_core.comparison.join import load
from histo_core.data.formats.images import KINDS
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace


def _small(home: Workspace) -> Run:
    return run_named(home, "Small CNN")


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch, finished: Workspace) -> list[dict[str, Any]]:
    """What is asked for maps, which are not made: each is a plain slope."""
    asked: list[dict[str, Any]] = []

    def explanation(
        run_id: str,
        ended: str,
        image_sha256: str,
        method: str,
        options: str,
        target: int,
        workspace: Workspace,
        _image: np.ndarray,
    ) -> Explanation:
        asked.append({"run_id": run_id, "method": method, "options": options, "target": target, "image": _image})
        height, width = _image.shape[:2]
        slope = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
        return Explanation(method, slope, np.ones(slope.shape, bool), target, ("normal", "tumour")[target], 0.7, {})

    monkeypatch.setattr("pages.shared.cache.cache_runs.explanation", explanation)
    return asked


def _fitting(home: Workspace, split_set: str = "test", show: str = "", label: str = "") -> list[str]:
    """The patches that the page may show, told from the run's predictions alone."""
    table = load(newest(home), home).table
    table = table[table["split"] == split_set]
    if show:
        table = table[(table["y_true"] == table["y_pred"]) == (show == "right")]
    if label:
        table = table[table["y_true"] == label]
    return sorted(table["sample_id"])


QUESTION, FIGURE, STEP = (
    "pages.explain.maps.MapRequest",
    "pages.explain.maps.overlay_figure",
    "pages.explain.patches._step",
)

DRAWN = ("pages.explain.maps._overlay",)


def _offered(arguments: Mapping[str, Any]) -> list[str]:
    """The patches that are stepped through, whatever their order."""
    return sorted(arguments["found"])


EXPLAIN = [
    Row("selectbox: Model", "{other}", QUESTION, "run.run_id", lambda home: _small(home).run_id),
    Row("button_group: Picture", "upload", "pages.explain.uploads.uploaded", lambda _: "asked for", "asked for"),
    Row("selectbox: Patches of", "valid", STEP, _offered, lambda home: _fitting(home, "valid")),
    Row("selectbox: Show", "wrong", STEP, _offered, lambda home: _fitting(home, show="wrong")),
    Row("selectbox: Show", "right", STEP, _offered, lambda home: _fitting(home, show="right")),
    Row("selectbox: Labelled", "normal", STEP, _offered, lambda home: _fitting(home, label="normal")),
    Row("selectbox: Labelled", "tumour", STEP, _offered, lambda home: _fitting(home, label="tumour")),
    Row("slider: Opacity", 0.85, FIGURE, "opacity", 0.85, fresh=DRAWN),
    Row("toggle: One colour scale", True, FIGURE, lambda arguments: arguments["scale"] is not None, True, fresh=DRAWN),
    Row("toggle: Outline the tumour", True, FIGURE, lambda arguments: arguments["mask"] is not None, True, fresh=DRAWN),
]
EXPLAIN_ELSEWHERE = {
    "selectbox: Class to explain": "test_the_chosen_class_is_explained_by_each_method",
    "button: Previous": "test_next_and_previous_step_through_what_is_offered",
    "button: Next": "test_next_and_previous_step_through_what_is_offered",
    f"file_uploader: An image ({KINDS})": "test_pages_finished",
    "number_input: µm per pixel, if known": "test_uploads: a known pixel size is checked",
    "number_input: Tile to explain": "test_uploads: of which one is explained",
    "download_button: Download the tiles as CSV": "test_uploads: of which one is explained",
    **{f"download_button: {label}": "test_what_a_map_gives_away" for label in ("HTML", "PNG", "CSV", "NPY")},
}


@pytest.mark.parametrize("threshold", ["0.05", "0.5", "0.95"])
def test_wrong_answers_are_those_of_the_threshold_in_the_link(
    threshold: str, finished: Workspace, open_page: OpenPage
) -> None:
    run = newest(finished)
    table = load(run, finished).table
    table = table[table["split"] == "test"]
    wrong = ((table["prob_tumour"] >= float(threshold)) != (table["y_true"] == "tumour")).sum()
    page = open_page("explain", run=run.run_id, split_set="test", show="wrong", of="tumour", threshold=threshold)
    captions = [one.value.replace("\\", "") for one in page.caption]
    assert any(f" of {wrong:,} patch" in caption for caption in captions)
    assert f"By Compare's threshold: tumour from {float(threshold):g} on." in captions


@pytest.mark.parametrize(("threshold", "of"), [("validation:youden", "tumour"), ("2", "tumour"), ("0.3", "gone")])
def test_a_threshold_that_does_not_fit_the_run_is_left_out(
    threshold: str, of: str, finished: Workspace, open_page: OpenPage
) -> None:
    page = open_page("explain", run=newest(finished).run_id, show="wrong", of=of, threshold=threshold)
    assert not any("threshold" in one.value for one in page.caption)


@pytest.mark.parametrize("row", EXPLAIN, ids=lambda row: row.id)
def test_explain_asks_the_core_what_its_controls_say(
    row: Row, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, explained: list[Any]
) -> None:
    if row.to == "{other}":
        row = replace(row, to=_small(finished).run_id)
    check(row, "explain", open_page, monkeypatch, finished)
    assert {one["run_id"] for one in explained[-2:]} <= {run.run_id for run in (newest(finished), _small(finished))}


def test_next_and_previous_step_through_what_is_offered(
    finished: Workspace, open_page: OpenPage, explained: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = Spy(STEP, "found", monkeypatch)
    shown = Spy(QUESTION, "patch.name", monkeypatch)
    open_page("explain")
    order = offered.newest()
    assert shown.newest() in order
    page = open_page("explain", patch=order[0])
    assert shown.newest() == order[0]
    for label, place in (("Next", 1), ("Next", 2), ("Previous", 1)):
        control(page, label).click().run()
        assert (shown.newest(), page.query_params["patch"]) == (order[place], order[place])


def test_the_chosen_class_is_explained_by_each_method(
    finished: Workspace, open_page: OpenPage, explained: list[Any]
) -> None:
    page = open_page("explain")
    classes = ("normal", "tumour")
    predicted = explained[-1]["target"]
    explained.clear()
    tried(page, {"url.target": classes[1 - predicted]})
    assert [one["method"] for one in explained] == list(EXPLAINERS)
    assert {one["target"] for one in explained} == {1 - predicted}
    assert page.query_params["target"] == classes[1 - predicted]


@pytest.mark.parametrize("method", EXPLAINERS)
def test_each_setting_of_a_method_arrives_with_it(
    finished: Workspace, open_page: OpenPage, explained: list[Any], method: str
) -> None:
    kind = EXPLAINERS[method].Options
    values = other_values(kind)
    assert set(values) == set(kind.model_fields)
    page = open_page("explain")
    explained.clear()
    fill(page, values, prefix=f"explain.{method}.")
    page.run()
    asked = {one["method"]: one["options"] for one in explained}
    others = {name: one.Options().model_dump_json() for name, one in EXPLAINERS.items()}
    assert asked == others | {method: kind(**values).model_dump_json()}


def test_what_a_map_gives_away(
    finished: Workspace,
    open_page: OpenPage,
    explained: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
) -> None:
    looks: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "pages.explain.maps.overlay_png", lambda image, explanation, **look: looks.append(look) or b"png"
    )
    open_page("explain", opacity="0.25", target="normal", scale="yes", mask="yes")
    names = sorted(name for name in given if name.startswith("gradcam-normal-"))
    stem = names[0].rsplit(".", 1)[0]
    assert {name.removeprefix(stem) for name in names} == {".csv", ".npy", ".png", ".html"}
    assert given[f"{stem}.png"]() == b"png"
    assert (looks[0]["opacity"], looks[0]["scale"] is not None, looks[0]["mask"] is not None) == (0.25, True, True)
    values = np.load(as_file(given[f"{stem}.npy"]()))
    table = pd.read_csv(as_file(given[f"{stem}.csv"]()), header=None).to_numpy()
    height, width = values.shape
    slope = np.linspace(0, 1, height * width).reshape(height, width)
    np.testing.assert_allclose(values, slope, atol=1e-6)
    np.testing.assert_allclose(table, slope, atol=1e-5)


FORMS = ("explain.",)
"""Beginnings of the keys of forms from models, each control of which is set above."""


@pytest.mark.parametrize("params", [{}, {"source": "upload"}], ids=["a patch", "an image"])
def test_every_control_has_a_row(
    finished: Workspace, open_page: OpenPage, explained: list[Any], params: dict[str, str]
) -> None:
    page = open_page("explain", **params)
    found = {one.name for one in controls(page) if not one.key.startswith(FORMS)}
    named = {row.control for row in EXPLAIN} | set(EXPLAIN_ELSEWHERE)
    assert found - named == set(), "add a row, or say under ELSEWHERE which test pins it"
