"""Train's table of all runs: nothing is read before it is opened, and what the ticked rows offer."""

from __future__ import annotations

from typing import Any

import pytest
from page_helpers import OpenPage, newest, texts
from streamlit.testing.v1 import AppTest

from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace
from pages.train import all_runs

TOGGLE = "Show the table"


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    all_runs._rows.clear()


def _table(page: AppTest) -> Any:
    return next(frame.value for frame in page.dataframe if "valid_auroc" in frame.value)


def test_nothing_is_read_before_the_table_is_opened(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(all_runs, "run_table", lambda *_, **__: pytest.fail("the runs were read"))
        page = open_page("train")
    next(one for one in page.toggle if one.label == TOGGLE).set_value(True).run()
    assert not page.exception
    assert page.query_params["table"] == "yes"
    frame = _table(page)
    assert list(frame["name"]) == [run.name for run in Store.open(finished).runs()]
    run = newest(finished)
    assert run.results is not None
    assert run.results.test is not None
    assert run.results.test.auroc is not None
    found = run.results.test.auroc
    assert frame.iloc[0]["test_auroc"] == pytest.approx(found.value)
    assert frame.iloc[0]["test_auroc interval"] == f"{found.low:.3f} to {found.high:.3f}"
    assert len(frame.iloc[0]["losses"]) == 2, "one for each epoch"


def test_the_controls_choose_rows_and_columns(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train", table="yes", find_rows="Small", columns=["seed", "note"], grouped="yes")
    frame = next(one for one in page.dataframe if "valid_auroc" in one.value)
    assert len(frame.value) == 1
    assert list(frame.proto.column_order) == ["name", "runs", "seed", "note"]
    assert "No run is like that." in texts(open_page("train", table="yes", find_rows="nothing is called so"))


def test_ticked_runs_are_compared_overlaid_and_told_apart(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    drawn: list[list[str]] = []
    real = all_runs.curves_figure

    def curves(epochs: dict[str, Any], measure: Any) -> Any:
        drawn.append(list(epochs))
        return real(epochs, measure)

    monkeypatch.setattr(all_runs, "curves_figure", curves)
    page = open_page("train", table="yes")
    page.session_state["train.table.runs.2"] = {"selection": {"rows": [0, 1]}}
    page.run()
    assert not page.exception
    assert not page.error
    runs = Store.open(finished).runs()
    link = next(one for one in page.get("page_link") if one.label == "Compare the ticked 2")
    assert link.proto.query_string == "&".join(f"runs={run.run_id}" for run in runs)
    assert drawn == [[run.name for run in runs]]
    settings = next(frame.value for frame in page.dataframe if "Setting" in frame.value)
    assert "model.name" in list(settings["Setting"])
    assert "train.epochs" not in list(settings["Setting"])
    table = given["runs.csv"]()
    assert b"test_auroc_low" in (table if isinstance(table, bytes) else table.encode())
