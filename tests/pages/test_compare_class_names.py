"""Compare's controls for classes of other names: proposed, counted, changed, kept in the link and given to the core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from page_helpers import OpenPage, newest, run_named, texts
from wiring import control, tried
from wiring_spy import Spy

from histo_core.comparison.join import RunPredictions, load
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.shared.cache import cache_runs

OTHERS = {"normal": "benign", "tumour": "tumor"}


@pytest.fixture
def respelt(finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The newest run, whose classes have other names."""
    run = newest(finished)

    def loaded(one: Run, workspace: Workspace) -> RunPredictions:
        found = load(one, workspace)
        if one.run_id != run.run_id:
            return found
        table = found.table.rename(columns={f"prob_{name}": f"prob_{other}" for name, other in OTHERS.items()})
        table = table.assign(y_true=table["y_true"].map(OTHERS), y_pred=table["y_pred"].map(OTHERS))
        return replace(found, table=table, classes=tuple(OTHERS.values()), positive="tumor")

    monkeypatch.setattr(cache_runs, "load", loaded)
    cache_runs._predictions.clear()
    yield run
    cache_runs._predictions.clear()


def test_other_names_are_proposed_counted_and_changed(
    respelt: Run, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = run_named(finished, "Small CNN")
    page = open_page("compare", runs=[small.run_id, respelt.run_id])
    benign = int((load(small, finished).table.query("split == 'test'")["y_true"] == "normal").sum())
    assert f"benign ({benign:,}) would not count" in " ".join(one.value for one in page.warning).replace("\\", "")
    assert "same classes" in page.error[0].value
    spy = Spy("pages.shared.cache.cache_runs.join", "classes", monkeypatch)
    tried(page, {"url.means.benign": "normal"})
    assert not page.error
    assert spy.newest() == {"benign": "normal", "tumor": "tumour"}
    assert page.query_params["means.benign"] in ("normal", ["normal"])
    assert "benign as normal (your choice), tumor as tumour (another spelling)" in texts(page).replace("\\", "")
    again = open_page("compare", **{name: page.query_params[name] for name in page.query_params})
    assert control(again, "url.means.benign").value == "normal"
    tried(again, {"url.means.benign": "tumour"})
    tried(again, {"url.means.tumor": "normal"})
    assert "have another label in run" in again.error[0].value, "the labels of shared patches tell a wrong match"


def test_where_all_names_agree_nothing_is_asked(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    assert not [box for box in page.selectbox if str(box.key).startswith("url.means.")]
