"""Print runs with their results as a table, and the settings in which runs differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from histo_core.cli.as_json import say_json
from histo_core.cli.output import local_time, say, table
from histo_core.config.differences import differences
from histo_core.errors import ConfigError
from histo_core.runs.store.records import Estimate, Run
from histo_core.runs.store.run_table import COLUMNS, ESTIMATES, RunRow, run_frame, run_table
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter

DEFAULT_COLUMNS = "run_id,state,name,network,data,valid_auroc,test_auroc,seconds"
ALL = 1_000_000


def print_run_table(
    store: Store,
    wanted: RunFilter,
    columns: Sequence[str],
    *,
    sort: str,
    descending: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Print runs with chosen columns.

    Args:
        store, wanted: where to search, and for what.
        columns: names of `COLUMNS`.
        sort: one of them; empty for newest first.
        descending: whether the largest value comes first.
        limit: the largest number of rows, after sorting.
        as_json: one JSON object instead of text, with the limits of intervals in columns of their own.

    Raises:
        ConfigError: there is no such column.
    """
    for name in (*columns, *filter(None, [sort])):
        if name not in COLUMNS:
            raise ConfigError(f"There is no column {name!r}.", f"Columns: {', '.join(COLUMNS)}.", "Choose among them.")
    found = run_table(store, wanted, limit=ALL if sort else limit).rows
    if sort:
        known = [row for row in found if getattr(row, sort) is not None]
        unknown = [row for row in found if getattr(row, sort) is None]
        found = [*sorted(known, key=lambda row: _value(row, sort), reverse=descending), *unknown][:limit]
    frame = run_frame(found)
    if as_json:
        asked = [f"{name}{end}" for name in columns for end in (("", "_low", "_high") if name in ESTIMATES else ("",))]
        say_json(tables={"runs": frame[asked].astype(object).where(frame[asked].notna(), None)})
        return
    rows = frame.to_dict("records")
    table(columns, [[_cell(row, name) for name in columns] for row in rows])


def print_differences(runs: Sequence[Run], *, as_json: bool) -> None:
    """Print the settings in which runs differ, a line each."""
    found = differences([run.config.model_dump(mode="json") for run in runs])
    ids = [run.run_id for run in runs]
    if as_json:
        say_json(
            tables={"differences": [{"field": one.field, **dict(zip(ids, one.values, strict=True))} for one in found]}
        )
    elif not found:
        say("They have the same settings.")
    else:
        table(("setting", *ids), [(one.field, *map(_text, one.values)) for one in found])


def _value(row: RunRow, name: str) -> Any:
    value = getattr(row, name)
    return value.value if isinstance(value, Estimate) else value


def _cell(row: dict[Any, Any], name: str) -> str:
    value = row[name]
    if name in ESTIMATES:
        low, high = row[f"{name}_low"], row[f"{name}_high"]
        return _text(value) + ("" if _unknown(low) or _unknown(high) else f" ({_text(low)} to {_text(high)})")
    return local_time(value) if name == "created_at" else _text(value)


def _text(value: Any) -> str:
    if _unknown(value):
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1 else f"{value:.3g}"
    return ", ".join(map(_text, value)) if isinstance(value, (tuple, list)) else str(value)


def _unknown(value: Any) -> bool:
    return value is None or value != value
