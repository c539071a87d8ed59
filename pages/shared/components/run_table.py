"""Draw runs as a table: sorted and searched in the browser, with chosen columns, grouped, with rows to tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from histo_core.runs.store.run_table import ESTIMATES, Band, RunGroup, RunRow, grouped
from pages.shared.app import url_state
from pages.shared.components.run_card import WORDS

TITLES = {
    "state": "State",
    "data": "Data",
    "network": "Network",
    "valid_auroc": "Validation AUROC",
    "test_auroc": "Test AUROC",
    "valid_accuracy": "Validation accuracy",
    "test_accuracy": "Test accuracy",
    "valid_loss": "Validation loss",
    "test_loss": "Test loss",
    "losses": "Loss by epoch",
    "seconds": "Seconds",
    "seed": "Seed",
    "fold": "Fold",
    "tags": "Tags",
    "note": "Note",
    "experiment": "Experiment",
    "created_at": "Launched",
    "run_id": "Run",
}
"""The columns that can be chosen, and their titles; the name always comes first."""
SHOWN = ("state", "data", "network", "valid_auroc", "test_auroc", "valid_accuracy", "losses", "seconds", "tags", "seed")
INTERVAL = "{} interval"
ROW, TALLEST = 35, 640
"""Pixels of a row, and the tallest table."""


def draw(rows: Sequence[RunRow], key: str) -> list[RunRow]:
    """Draw the table with its controls, and return the ticked runs; a ticked group stands for all its runs.

    Args:
        rows: at most a few thousand.
        key: of the table's widget.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = url_state.choose_many(
            "Columns",
            "columns",
            list(TITLES),
            default=SHOWN,
            format_func=TITLES.__getitem__,
            help="The 95% interval of an AUROC, an accuracy or a loss stands beside it.",
        )
        one_row = url_state.switch(
            "One row for folds and seeds",
            "grouped",
            help="Runs that differ only in fold and seed: the mean, and the band from the lowest to the highest.",
        )
    groups = grouped(rows) if one_row else [RunGroup((row,)) for row in rows]
    frame = pd.DataFrame([_record(group, one_row=one_row) for group in groups])
    order = ["name", *(["runs"] if one_row else [])]
    for name in chosen:
        order += [name, INTERVAL.format(name)] if name in ESTIMATES else [name]
    event = st.dataframe(
        frame,
        hide_index=True,
        height=min(ROW * (len(frame) + 1) + 3, TALLEST),
        column_order=order,
        column_config=_columns(one_row=one_row),
        on_select="rerun",
        selection_mode="multi-row",
        key=f"{key}.{'groups' if one_row else 'runs'}.{len(frame)}",
        alt="Runs with their state, data, network and results.",
    )
    ticked: list[int] = event.selection.rows  # type: ignore[attr-defined]
    return [row for at in ticked if at < len(groups) for row in groups[at].rows]


def _columns(*, one_row: bool) -> dict[str, Any]:
    column, interval = st.column_config, "Interval or band" if one_row else "95% interval"
    found: dict[str, Any] = {name: column.Column(title) for name, title in TITLES.items()}
    for name in ESTIMATES:
        found[name] = column.NumberColumn(TITLES[name], format="%.3f")
        found[INTERVAL.format(name)] = column.Column(interval, help=f"Of the column {TITLES[name]}.")
    return found | {
        "name": column.Column("Name", pinned=True),
        "runs": column.NumberColumn("Runs"),
        "seconds": column.NumberColumn(TITLES["seconds"], format="%d", help="From start to end, all runs of a row."),
        "losses": column.LineChartColumn(TITLES["losses"], help="On the validation set.", y_min=0),
        "tags": column.ListColumn(TITLES["tags"]),
        "created_at": column.DatetimeColumn(TITLES["created_at"], format="YYYY-MM-DD HH:mm"),
    }


def _record(group: RunGroup, *, one_row: bool) -> dict[str, Any]:
    first = group.rows[0]
    record: dict[str, Any] = {"name": group.name if one_row else first.name or first.network, "runs": len(group.rows)}
    for name in ESTIMATES:
        value, interval = _band(group.band(name)) if len(group.rows) > 1 else _estimate(first, name)
        record |= {name: value, INTERVAL.format(name): interval}
    texts: dict[str, Callable[[RunRow], Any]] = {
        "state": lambda row: WORDS[row.state][0],
        "data": lambda row: row.data,
        "network": lambda row: row.network,
        "seed": lambda row: row.seed,
        "fold": lambda row: None if row.fold is None else row.fold + 1,
        "note": lambda row: row.note,
        "experiment": lambda row: row.experiment,
        "run_id": lambda row: row.run_id,
    }
    record |= {name: _shared([text(row) for row in group.rows]) for name, text in texts.items()}
    tags = dict.fromkeys(tag for row in group.rows for tag in row.tags)
    record |= {"tags": list(tags), "losses": list(first.losses), "created_at": first.created_at}
    known = [row.seconds for row in group.rows if row.seconds is not None]
    return record | {"seconds": sum(known) if known else None}


def _shared(values: Sequence[Any]) -> Any:
    """Return the value of all runs of a group, or list the values."""
    known = list(dict.fromkeys(values))
    return known[0] if len(known) == 1 else ", ".join(str(value) for value in known if value not in (None, ""))


def _estimate(row: RunRow, name: str) -> tuple[float | None, str]:
    found = getattr(row, name)
    if found is None:
        return None, ""
    if found.low is None or found.high is None:
        return found.value, ""
    return found.value, f"{found.low:.3f} to {found.high:.3f}"


def _band(band: Band | None) -> tuple[float | None, str]:
    return (None, "") if band is None else (band.mean, f"{band.low:.3f} to {band.high:.3f} in {band.n} runs")
