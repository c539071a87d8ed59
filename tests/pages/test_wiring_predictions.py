"""The Data page with a run's predictions: each control changes what is shown, and the link says so."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, patches, run_named, texts
from wiring import control, tried
from wiring_spy import Spy

from histo_core.auditing.embedding.layout import PatchMap
from histo_core.comparison.join import load
from histo_core.config import DataConfig
from histo_core.data.opening import open_dataset
from histo_core.prediction.predict import predict_with
from histo_core.workspace import Workspace

LINK = {"dataset": "phantom", "options": json.dumps(PHANTOM.options), "view": "gallery"}
PAGE = 48


@pytest.fixture
def run_id(finished: Workspace) -> str:
    return run_named(finished, "Small CNN").run_id


@pytest.fixture
def answers(finished: Workspace, run_id: str) -> pd.DataFrame:
    """The run's own table, in the order of the data, with one row for each patch of them."""
    table = load(run_named(finished, "Small CNN"), finished).table.set_index("sample_id")
    ids = open_dataset(PHANTOM, finished).table["sample_id"]
    return table.reindex(ids)


Rule = Callable[[Any], Any]
FILTERS: dict[str, tuple[dict[str, str], Rule]] = {
    "wrong": ({"show": "wrong"}, lambda table: table["y_pred"].notna() & (table["y_pred"] != table["y_true"])),
    "right": ({"show": "right"}, lambda table: table["y_pred"].notna() & (table["y_pred"] == table["y_true"])),
    "not predicted": ({"show": "none"}, lambda table: table["y_pred"].isna()),
    "predicted class": ({"says": "tumour"}, lambda table: table["y_pred"] == "tumour"),
    "threshold": ({"threshold": "0.01", "says": "tumour"}, lambda table: table["prob_tumour"] >= 0.01),
    "threshold of the other class": (
        {"threshold": "0.9", "of": "normal", "says": "normal"},
        lambda table: table["prob_normal"] >= 0.9,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_answers_filter_the_gallery(name: str, run_id: str, answers: pd.DataFrame, open_page: OpenPage) -> None:
    params, rule = FILTERS[name]
    page = open_page("data", **LINK, run=run_id, **params)
    assert not page.exception
    expected = answers.index[rule(answers).to_numpy(bool)].tolist()
    assert list(patches(page)) == expected[:PAGE]
    assert f"{len(expected)} of 240 patches" in texts(page)


@pytest.mark.parametrize(
    ("to", "rank"),
    [
        ("p.wrong", lambda table: np.where(table["y_true"] == "tumour", table["prob_tumour"], table["prob_normal"])),
        ("p.uncertain", lambda table: (table["prob_tumour"] - table["prob_normal"]).abs()),
        ("p.confidence", lambda table: table[["prob_tumour", "prob_normal"]].max(axis=1)),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
def test_answers_sort_the_gallery(
    to: str, rank: Rule, descending: bool, run_id: str, answers: pd.DataFrame,
    open_page: OpenPage,
) -> None:  # fmt: skip
    page = open_page("data", **LINK, run=run_id)
    tried(page, {"url.sort": to, "url.backwards": descending})
    known = answers[answers["y_pred"].notna()]
    values = np.asarray(rank(known), np.float64)
    expected = known.index[np.argsort(-values if descending else values, kind="stable")].tolist()
    assert list(patches(page)) == expected[:PAGE]
    assert page.query_params["sort"] == to


def test_a_run_is_chosen_and_its_answers_stand_below_the_patches(
    run_id: str, answers: pd.DataFrame, open_page: OpenPage
) -> None:
    page = open_page("data", **LINK)
    assert "predicted" not in str(patches(page))
    tried(page, {"url.run": run_id})
    assert page.query_params["run"] == run_id
    (grid,) = [one for one in page.get("bidi_component") if one.proto.component_name == "histoscope_patch_grid"]
    for cell in json.loads(grid.proto.json)["cells"]:
        row = answers.loc[cell["name"]]
        if isinstance(row["y_pred"], str):
            right = row["y_pred"] == row["y_true"]
            confidence = max(row["prob_normal"], row["prob_tumour"])
            assert cell["caption"] == f"{'✓' if right else '✗'} {row['y_pred']} {confidence:.0%}"
            words = f"predicted {row['y_pred']} ({confidence:.1%}), {'right' if right else 'wrong'}"
            assert cell["note"].endswith(words)
        else:
            assert cell["caption"] == "no prediction"
        assert any(fact.startswith("Patient: ") for fact in cell["facts"])
    tried(page, {"url.show": "wrong", "url.threshold": 0.3})
    assert {name: page.query_params[name] for name in ("show", "threshold")} == {"show": "wrong", "threshold": "0.3"}
    tried(page, {"url.run": ""})
    assert not {"run", "show", "threshold"} & set(page.query_params), "what belongs to a run goes with it"


@pytest.mark.parametrize("by", ["p.class", "p.answer", "p.confidence"])
@pytest.mark.parametrize("view", ["gallery", "map", "mosaic"])
def test_answers_colour_each_view(
    view: str, by: str, run_id: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = np.random.default_rng(0).normal(size=(240, 2)).astype(np.float32)
    found = PatchMap(plane, plane, np.arange(240), (0.5, 0.3), "colour", "A map.")
    monkeypatch.setattr("pages.shared.cache.cache_maps.patch_map", lambda data, features, home: found)
    target = {
        "gallery": "pages.data.explore.gallery.legend",
        "map": "pages.data.explore.patch_map.map_figure",
        "mosaic": "pages.data.explore.mosaic.mosaic_figure",
    }[view]
    page = open_page("data", **{**LINK, "view": view}, run=run_id)
    spy = Spy(target, lambda arguments: list(arguments["colours"]), monkeypatch)
    tried(page, {"url.colour": by})
    assert spy.newest()[0] == {"p.class": "normal", "p.answer": "wrong", "p.confidence": "below 50%"}[by]
    assert page.query_params["colour"] == by


def test_patches_that_the_filters_leave_out_are_grey_on_the_mosaic(
    run_id: str, answers: pd.DataFrame, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = answers[answers["y_pred"].notna()].iloc[0]
    page = open_page("data", **{**LINK, "view": "mosaic"}, run=run_id, slide=str(held_out["slide_id"]))
    spy = Spy("pages.data.explore.mosaic.mosaic_figure", "names", monkeypatch)
    tried(page, {"url.says": str(held_out["y_pred"])})
    expected = (answers["slide_id"] == held_out["slide_id"]) & (answers["y_pred"] == held_out["y_pred"])
    assert len([name for name in spy.newest() if name]) == np.count_nonzero(expected)


def test_predictions_of_all_patches_are_offered_too(finished: Workspace, run_id: str, open_page: OpenPage) -> None:
    made = predict_with(run_id, PHANTOM, finished, device="cpu")
    page = open_page("data", **LINK, run=made.id)
    assert "240 of 240 patches are predicted" in texts(page)
    assert control(page, "url.run").value == made.id


def test_a_run_on_other_data_is_named_and_shows_nothing(run_id: str, open_page: OpenPage) -> None:
    other = DataConfig(dataset="phantom", options={"patches": 60, "patients": 6})
    page = open_page("data", **{**LINK, "options": json.dumps(other.options)}, run=run_id)
    assert not page.exception
    assert "has no predictions of these data" in texts(page)


def test_the_download_has_the_answers(
    run_id: str, answers: pd.DataFrame, open_page: OpenPage, given: dict[str, Any]
) -> None:
    open_page("data", **LINK, run=run_id, show="wrong")
    table = pd.read_csv(io.BytesIO(given["selection.csv"]()))
    expected = answers.loc[table["sample_id"]]
    assert len(table) == np.count_nonzero(answers["y_pred"].notna() & (answers["y_pred"] != answers["y_true"]))
    assert table["predicted"].tolist() == expected["y_pred"].tolist()
    assert set(table["answer"]) == {"wrong"}
    np.testing.assert_allclose(table["prob_tumour"], expected["prob_tumour"])


def test_a_patch_leads_to_the_map_of_its_answer(run_id: str, answers: pd.DataFrame, open_page: OpenPage) -> None:
    held_out = answers[answers["split"] == "test"].index[0]
    page = open_page("data", **LINK, run=run_id, patch=held_out)
    (link,) = [one for one in page.get("page_link") if one.proto.label == "Explain this answer"]
    assert f"run={run_id}" in link.proto.query_string
    assert "split_set=test" in link.proto.query_string
    learnt = answers[answers["y_pred"].isna()].index[0]
    page = open_page("data", **LINK, run=run_id, patch=learnt)
    assert not [one for one in page.get("page_link") if one.proto.label == "Explain this answer"]
