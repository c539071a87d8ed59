"""Compare and Explain: each control, set to another value, changes what the core is asked, and the link says so.

A new control needs a row in `COMPARE` or `EXPLAIN`; without one the last test fails.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from other_values import other_values
from page_helpers import OpenPage, run_named
from wiring import control, controls, fill, tried
from wiring_spy import Row, Spy, check

from histo_core.comparison.join import load
from histo_core.data.formats.images import KINDS
from histo_core.errors import ComparisonError
from histo_core.explain.base import EXPLAINERS, Explanation
from histo_core.runs.records import Run
from histo_core.workspace import Workspace
from pages.ui.cache import COLOUR_ONLY

AUROCS = ("pages.ui.cache.aurocs",)


def _ids(arguments: Mapping[str, Any]) -> list[str]:
    return [one.run_id for one in arguments["runs"]]


def _small(home: Workspace) -> Run:
    return run_named(home, "Small CNN")


COMPARE = [
    Row("multiselect: Models", ["{small}"], "pages.compare.join", _ids, lambda home: [_small(home).run_id]),
    Row("selectbox: Patches", "valid", "pages.compare.join", "part", "valid"),
    Row(
        *("selectbox: Class of interest", "normal", "pages.ui.cache.auroc_results", "class_of_interest", "normal"),
        fresh=AUROCS,
    ),
    Row(
        *("toggle: Colour-only baseline", True, "pages.compare.join"),
        lambda arguments: [one.run_id for one in arguments["runs"]][-1],
        COLOUR_ONLY,
    ),
    Row(
        *("toggle: Colour-only baseline", True, "pages.ui.cache.auroc_results", "reference", COLOUR_ONLY),
        fresh=AUROCS,
    ),
    Row("slider: Call it positive from this probability on", 0.3, "pages.compare.at_threshold", "threshold", 0.3),
]
COMPARE_ELSEWHERE = {
    "toggle: Only patches that all of them share": "test_runs_that_do_not_fit_are_joined_on_what_they_share",
    "page_link: Patches it got wrong": "test_a_link_to_wrong_patches_names_its_run_and_part",
    "download_button: HTML": "test_pages_finished and the browser's tests: what a chart gives away",
    "download_button: CSV": "test_what_compare_gives_away",
    "download_button: Download the table": "test_what_compare_gives_away",
    "download_button: Download the report": "test_what_compare_gives_away",
}


@pytest.mark.parametrize("row", COMPARE, ids=lambda row: row.id)
def test_compare_asks_the_core_what_its_controls_say(
    row: Row, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load(_newest(finished), finished)  # in the place of the baseline, which takes seconds to be fitted
    monkeypatch.setattr("pages.ui.cache.colour_only", lambda *_: replace(other, run_id=COLOUR_ONLY, name="Colour only"))
    if row.to == ["{small}"]:
        row = replace(row, to=[_small(finished).run_id])
    check(row, "compare", open_page, monkeypatch, finished)


def test_runs_that_do_not_fit_are_joined_on_what_they_share(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from histo_core.comparison.join import join

    def strict(runs: Any, part: str = "test", *, shared_only: bool = False) -> Any:
        if not shared_only:
            raise ComparisonError("Their splits differ.", "One split.", "Take what they share.")
        return join(runs, part, shared_only=shared_only)

    monkeypatch.setattr("pages.compare.join", strict)
    spy = Spy("pages.compare.join", lambda arguments: (arguments["part"], arguments["shared_only"]), monkeypatch)
    page = open_page("compare", part="valid")
    assert "Their splits differ" in page.error[0].value
    tried(page, {"Only patches that all of them share": True})
    assert not page.error
    assert spy.newest() == ("valid", True)
    assert page.query_params["shared"] == "yes"
    assert control(page, "Patches").value == "valid"


def test_a_link_to_wrong_patches_names_its_run_and_part(finished: Workspace, open_page: OpenPage) -> None:
    run = _small(finished)
    page = open_page("compare", runs=[run.run_id], part="valid")
    (link,) = [one.element for one in controls(page) if one.name == "page_link: Patches it got wrong"]
    asked = dict(pair.split("=") for pair in link.proto.query_string.split("&"))
    assert asked == {"run": run.run_id, "show": "wrong", "part": "valid"}
    assert link.proto.page.endswith("explain")


def test_what_compare_gives_away(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr("pages.compare.comparison_zip", lambda comparison: reported.append(comparison) or b"zip")
    run = _small(finished)
    page = open_page("compare", runs=[run.run_id], threshold="0.3", part="valid")
    assert given["comparison.zip"]() == b"zip"
    (comparison,) = reported
    assert (comparison.threshold, comparison.part) == (0.3, "valid")
    assert [result.run_id for result in comparison.results] == [run.run_id]
    table = given["comparison.csv"]().decode()
    assert run.run_id in table
    assert comparison.results[0].name in table
    matrix = pd.read_csv(_file(given[f"confusion-{run.run_id}.csv"]()))
    truth = load(run, finished).table.query("split == 'valid'")
    assert matrix.select_dtypes("number").to_numpy().sum() == len(truth)
    assert {"HTML", "CSV"}.isdisjoint({one.label for one in controls(page)})  # all downloads go through one function


def _file(content: bytes | str) -> io.BytesIO:
    return io.BytesIO(content.encode() if isinstance(content, str) else content)


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
        home: str,
        _image: np.ndarray,
    ) -> Explanation:
        asked.append({"run_id": run_id, "method": method, "options": options, "target": target, "image": _image})
        height, width = _image.shape[:2]
        slope = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
        return Explanation(method, slope, np.ones(slope.shape, bool), target, ("normal", "tumour")[target], 0.7, {})

    monkeypatch.setattr("pages.ui.cache.explanation", explanation)
    return asked


def _fitting(home: Workspace, part: str = "test", show: str = "", label: str = "") -> list[str]:
    """The patches that the page may show, told from the run's predictions alone."""
    table = load(_newest(home), home).table
    table = table[table["split"] == part]
    if show:
        table = table[(table["y_true"] == table["y_pred"]) == (show == "right")]
    if label:
        table = table[table["y_true"] == label]
    return sorted(table["sample_id"])


def _newest(home: Workspace) -> Run:
    from histo_core.runs.store import Store

    return Store.open(home).runs()[0]


QUESTION, FIGURE, STEP = "pages.explain.maps.Question", "pages.ui.maps.overlay_figure", "pages.ui.patches._step"


def _offered(arguments: Mapping[str, Any]) -> list[str]:
    """The patches that are stepped through, whatever their order."""
    return sorted(arguments["found"])


EXPLAIN = [
    Row("selectbox: Model", "{other}", QUESTION, "run.run_id", lambda home: _small(home).run_id),
    Row("button_group: Picture", "upload", "pages.explain.patches.uploaded", lambda _: "asked for", "asked for"),
    Row("selectbox: Patches of", "valid", STEP, _offered, lambda home: _fitting(home, "valid")),
    Row("selectbox: Show", "wrong", STEP, _offered, lambda home: _fitting(home, show="wrong")),
    Row("selectbox: Show", "right", STEP, _offered, lambda home: _fitting(home, show="right")),
    Row("selectbox: Labelled", "normal", STEP, _offered, lambda home: _fitting(home, label="normal")),
    Row("selectbox: Labelled", "tumour", STEP, _offered, lambda home: _fitting(home, label="tumour")),
    Row("slider: Strength of the colours", 0.85, FIGURE, "opacity", 0.85),
    Row("toggle: One colour scale", True, FIGURE, lambda arguments: arguments["scale"] is not None, True),
    Row("toggle: Outline the tumour", True, FIGURE, lambda arguments: arguments["mask"] is not None, True),
]
EXPLAIN_ELSEWHERE = {
    "selectbox: What speaks for": "test_the_chosen_class_is_explained_by_each_method",
    "button: Previous": "test_next_and_previous_step_through_what_is_offered",
    "button: Next": "test_next_and_previous_step_through_what_is_offered",
    f"file_uploader: An image ({KINDS})": "test_pages_finished",
    **{f"download_button: {label}": "test_what_a_map_gives_away" for label in ("HTML", "Picture alone", "CSV", "NPY")},
}


@pytest.mark.parametrize("row", EXPLAIN, ids=lambda row: row.id)
def test_explain_asks_the_core_what_its_controls_say(
    row: Row, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, explained: list[Any]
) -> None:
    if row.to == "{other}":
        row = replace(row, to=_small(finished).run_id)
    check(row, "explain", open_page, monkeypatch, finished)
    assert {one["run_id"] for one in explained[-2:]} <= {run.run_id for run in (_newest(finished), _small(finished))}


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
    monkeypatch.setattr("pages.ui.maps.overlay_png", lambda image, explanation, **look: looks.append(look) or b"png")
    open_page("explain", opacity="0.25", target="normal", scale="yes", mask="yes")
    names = sorted(name for name in given if name.startswith("gradcam-normal-"))
    stem = names[0].rsplit(".", 1)[0]
    assert {name.removeprefix(stem) for name in names} == {".csv", ".npy", ".png", ".html"}
    assert given[f"{stem}.png"]() == b"png"
    assert (looks[0]["opacity"], looks[0]["scale"] is not None, looks[0]["mask"] is not None) == (0.25, True, True)
    values = np.load(_file(given[f"{stem}.npy"]()))
    table = pd.read_csv(_file(given[f"{stem}.csv"]()), header=None).to_numpy()
    height, width = values.shape
    slope = np.linspace(0, 1, height * width).reshape(height, width)
    np.testing.assert_allclose(values, slope, atol=1e-6)
    np.testing.assert_allclose(table, slope, atol=1e-5)


FORMS = ("explain.",)
"""Beginnings of the keys of forms from models, each control of which is set above."""


@pytest.mark.parametrize(
    ("name", "params", "named"),
    [
        ("compare", {}, {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE)),
        ("compare", {"colour": "yes"}, {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE)),
        ("explain", {}, {row.control for row in EXPLAIN} | set(EXPLAIN_ELSEWHERE)),
        ("explain", {"source": "upload"}, {row.control for row in EXPLAIN} | set(EXPLAIN_ELSEWHERE)),
    ],
)
def test_every_control_has_a_row(
    finished: Workspace, open_page: OpenPage, explained: list[Any], name: str, params: dict[str, str], named: set[str]
) -> None:
    page = open_page(name, **params)
    found = {one.name for one in controls(page) if not one.key.startswith(FORMS)}
    assert found - named == set(), "add a row, or say under ELSEWHERE which test pins it"
