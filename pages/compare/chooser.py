"""Choose what is compared: the chosen models as chips, and tables of all runs and predictions to add from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.access import Action
from histo_core.comparison.ensemble_recipe import KIND_NAMES
from histo_core.comparison.entries import entry_name, is_other, members_state
from histo_core.comparison.imported import delete_import, is_import, list_imports
from histo_core.comparison.join import RunPredictions
from histo_core.comparison.kept_ensembles import delete_ensemble, is_ensemble, list_ensembles
from histo_core.comparison.other_data import name_of
from histo_core.errors import HistoscopeError
from histo_core.prediction.stored import get_predictions, is_predictions, list_predictions
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.run_table import MANY, RunTable, run_table
from histo_core.runs.store.search import RunFilter
from histo_core.workspace import Workspace
from pages.compare import import_form
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_runs
from pages.shared.cache.hashes import HASHES
from pages.shared.components import run_card
from pages.shared.components import run_table as shared_table
from pages.shared.components.errors import shown
from pages.shared.components.text import plain

RUNS, PREDICTED, IMPORTED, ENSEMBLES = "Runs", "Predictions on other data", "From another program", "Ensembles"
MODELS = 640
"""Pixels of the chips; a row at 820."""
SECONDS = 5.0
"""Seconds for which the table's rows are kept, so that a tick does not read thousands of runs again."""


def choose(finished: Mapping[str, Run], workspace: Workspace, row: DeltaGenerator) -> list[RunPredictions]:
    """Draw the chosen models as chips and, when it is opened, the place to add others; return their predictions.

    Runs come first, because imported predictions take their labels.

    Args:
        finished: runs by id, newest first.
        workspace: holds them.
        row: where the chips are drawn; the place to add others comes below it.
    """
    others = _asked(finished, workspace)
    named = run_card.unique_labels(list(finished.values())) | {one.run_id: one.name for one in others.values()}
    newest = next(iter(finished.values()))
    fitting = [run.run_id for run in finished.values() if run_card.alike(run, newest)]
    with row:
        ids = url_state.choose_many(
            "Models",
            "runs",
            [*finished, *others],
            default=fitting[::-1],
            format_func=named.__getitem__,
            width=MODELS,
            help="Finished runs, their predictions on other data, and predictions from other programs. Models on "
            "different splits can be compared only on the patches they share.",
        )
        adding = st.toggle("Add models", key="compare.add", help="From a table of all runs, or from a file.")
    ids = sorted(ids, key=lambda entry: (is_other(entry), is_import(entry)))
    chosen = [others[one] if one in others else cache_runs.predictions(finished[one], workspace) for one in ids]
    if adding:
        _add(ids, chosen[0] if chosen else cache_runs.predictions(newest, workspace), workspace)
    return chosen


def _asked(finished: Mapping[str, Run], workspace: Workspace) -> dict[str, RunPredictions]:
    """Return the predictions that the URL names; warn of those that cannot be read."""
    found: dict[str, RunPredictions] = {}
    for entry in filter(is_other, dict.fromkeys(url_state.asked("runs"))):
        try:
            found[entry] = cache_runs.entry(entry, _made_of(entry, finished, workspace), workspace)
        except HistoscopeError as error:
            st.warning(plain(error), icon=":material/warning:")
    return found


def _made_of(entry: str, finished: Mapping[str, Run], workspace: Workspace) -> str:
    """Return what predictions depend on beside their id: their run's name, or whether an ensemble's members exist."""
    if is_ensemble(entry):
        return members_state(entry, workspace)
    run = finished.get(get_predictions(entry, workspace).run_id) if is_predictions(entry) else None
    return run.name if run else ""


@shown()
def _add(ids: Sequence[str], like: RunPredictions, workspace: Workspace) -> None:
    """Draw the place to add models.

    Args:
        ids: what is chosen already.
        like: gives the classes of what is imported.
        workspace: holds runs and predictions.
    """
    with st.container(border=True):
        source = st.segmented_control(
            "Add from", [RUNS, PREDICTED, IMPORTED, ENSEMBLES], default=RUNS, key="compare.add.from", required=True
        )
        if source == RUNS:
            ticked = [row.run_id for row in shared_table.draw(_rows(workspace).rows, "compare.table")]
            _buttons(ids, ticked)
        elif source == PREDICTED:
            _buttons(ids, _predicted(workspace))
        elif source == ENSEMBLES:
            _ensembles(ids, workspace)
        else:
            _imported(ids, workspace)
            import_form.draw(ids, like, workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=4, ttl=SECONDS)
def _rows(workspace: Workspace) -> RunTable:
    return run_table(cache.store(workspace), RunFilter(statuses=(RunStatus.SUCCEEDED,)), limit=MANY)


def _predicted(workspace: Workspace) -> list[str]:
    """Draw the predictions of runs on other data, and return the ticked ones."""
    found = [one for one in list_predictions(workspace) if one.labelled]
    rows = {
        one.id: {
            "Predictions": name_of(one),
            "Patches": one.facts.get("samples"),
            "With a label": one.labelled,
            "Folder": one.data.root or "",
            "Made": one.facts["made_at"],
        }
        for one in found
    }
    return _ticked(rows, "predicted", "No run has predicted other data with labels yet: the page Predict does that.")


@shown()
def _imported(ids: Sequence[str], workspace: Workspace) -> None:
    """Draw the imported predictions with what can be done to the ticked ones."""
    rows = {
        one.id: {"Name": one.name, "Patches": one.rows, "File": one.source, "Imported": one.made_at}
        for one in list_imports(workspace)
    }
    ticked = _ticked(rows, "imported", "Nothing was imported yet.")
    _buttons(ids, ticked)
    _delete(ids, ticked, "predictions.import", lambda entry: delete_import(entry, workspace))


@shown()
def _ensembles(ids: Sequence[str], workspace: Workspace) -> None:
    """Draw the kept ensembles with what can be done to the ticked ones."""
    rows = {
        one.id: {
            "Name": one.name,
            "Kind": KIND_NAMES[one.recipe.kind],
            "Members": ", ".join(entry_name(member, workspace) for member in one.recipe.members),
            "Weights": "" if one.recipe.weights is None else ", ".join(f"{weight:g}" for weight in one.recipe.weights),
            "Made": one.made_at,
        }
        for one in list_ensembles(workspace)
    }
    ticked = _ticked(rows, "ensembles", "No ensemble was made yet: the tab Ensembles below the comparison does that.")
    _buttons(ids, ticked)
    _delete(ids, ticked, "ensemble.keep", lambda entry: delete_ensemble(entry, workspace))


def _delete(ids: Sequence[str], ticked: Sequence[str], action: Action, delete_one: Callable[[str], None]) -> None:
    """Draw the button that deletes what is ticked and takes it out of the comparison."""

    def delete() -> None:
        for entry in ticked:
            current_session().authorise(action, entry)
            delete_one(entry)
        url_state.put("runs", [entry for entry in ids if entry not in ticked])

    if ticked:
        st.button(f"Delete the ticked {len(ticked)}", icon=":material/delete:", key="compare.delete", on_click=delete)


def _ticked(rows: Mapping[str, Mapping[str, object]], key: str, nothing: str) -> list[str]:
    if not rows:
        st.caption(nothing)
        return []
    event = st.dataframe(
        pd.DataFrame(list(rows.values())),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"compare.{key}.{len(rows)}",
        alt="What can be added to the comparison.",
    )
    at: list[int] = event.selection.rows  # type: ignore[attr-defined]
    return [entry for place, entry in enumerate(rows) if place in at]


def _buttons(ids: Sequence[str], ticked: Sequence[str]) -> None:
    """Draw what can be done with ticked models: add them, or compare them alone."""
    if not ticked:
        st.caption("Tick what should be compared.")
        return

    def put(wanted: Sequence[str]) -> Callable[[], None]:
        return lambda: url_state.put("runs", list(dict.fromkeys(wanted)))

    with st.container(horizontal=True):
        label = f"Add the ticked {len(ticked)}"
        st.button(label, type="primary", icon=":material/add:", key="compare.more", on_click=put([*ids, *ticked]))
        label = f"Compare the ticked {len(ticked)} alone"
        st.button(label, icon=":material/balance:", key="compare.only", on_click=put(ticked))
