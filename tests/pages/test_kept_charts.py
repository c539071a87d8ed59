"""What pages keep between clicks follows what it was made from, and charts are not changed by being shown."""

from __future__ import annotations

import json

import plotly.graph_objects as go
from page_helpers import OpenPage, run_named, texts

from histo_core.access import LOCAL
from histo_core.plots.theme import new_figure
from histo_core.runs.store.edit import rename
from histo_core.workspace import Workspace
from pages.shared.components import layout


def test_a_renamed_run_has_its_new_name_on_compare(finished: Workspace, open_page: OpenPage) -> None:
    small = run_named(finished, "Small CNN")
    assert "Small CNN calls" in texts(open_page("compare"))
    rename(small.run_id, "Renamed CNN", finished, user=LOCAL)
    try:
        said = texts(open_page("compare"))
    finally:
        rename(small.run_id, "Small CNN", finished, user=LOCAL)
    assert "Renamed CNN calls" in said
    assert "Small CNN" not in said


def test_a_chart_without_its_title_is_the_same_chart() -> None:
    chart = new_figure("A sentence.", "revision", legend=1).add_scatter(x=[0, 1], y=[0, 1], name="a line")
    chart.update_xaxes(title="x", range=[0, 1])
    before = chart.to_json()
    expected = json.loads(go.Figure(chart).update_layout(title=None, margin_t=8).to_json())
    expected["layout"].pop("title", None)
    assert json.loads(layout.untitled(chart).to_json()) == expected
    assert chart.to_json() == before
