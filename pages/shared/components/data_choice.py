"""Choose a data set and its split, keep both in the URL, and open the data with a progress bar."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st

from histo_core.config import Config, DataConfig, SplitConfig, parse_config
from histo_core.data.dataset import DATASETS, Dataset
from histo_core.errors import CancelledError, ConfigError, HistoscopeError
from histo_core.jobs.api import find_job, start_job
from histo_core.regular_files import parse_json
from histo_core.storable import as_json
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import fetch, folder_picker, model_form
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count

PATIENCE = 5.0
"""Seconds for which a page itself prepares data; a job does longer work."""
PATTERN = "patient_pattern"
"""The name of the data set option that takes a regular expression."""


def from_url() -> tuple[DataConfig, SplitConfig] | None:
    """Return the data set and split that the URL names; None when it names none.

    Raises:
        ConfigError: the link is incomplete or was changed.
    """
    names = url_state.asked("dataset")
    if not names:
        return None
    data = {
        "dataset": names[0],
        "root": next(iter(url_state.asked("root")), None),
        "options": _mapping("options"),
        "skip_broken": url_state.asked("broken") == ["skip"],
    }
    return parse_config(DataConfig, data), parse_config(SplitConfig, _mapping("split"))


def against() -> DataConfig | None:
    """Return the data set that the URL names to compare with; None when it names none.

    Raises:
        ConfigError: the link is incomplete or was changed.
    """
    return parse_config(DataConfig, _mapping("against")) if url_state.asked("against") else None


def to_params(data: DataConfig, split: SplitConfig | None = None) -> dict[str, str | None]:
    """Return URL parameters that `from_url` reads back; None for a default."""
    return {
        "dataset": data.dataset,
        "root": data.root,
        "options": _json(data.options),
        "broken": "skip" if data.skip_broken else None,
        "split": _json(split.model_dump(exclude_defaults=True)) if split else None,
    }


def form(data: DataConfig, *, prefix: str) -> DataConfig:
    """Draw the controls for a data set, its folder and its options, and return the configuration.

    Args:
        data: initial values.
        prefix: of the widget keys.

    Raises:
        ConfigError: an option that the data set does not allow.
    """
    taken = folder_picker.prefilled(prefix)
    start, at = (data, prefix) if taken is None else (taken, f"{prefix}.{taken.model_dump_json()}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = _kind(start, at)
        folder_picker.draw(prefix, start)
    kind = DATASETS[name]
    st.caption(f"{kind.info.summary} {kind.info.layout}")
    started = start if name == start.dataset else DataConfig(dataset=name, root=start.root)
    root = _folder(started, prefix, at) if kind.info.needs_root else None
    options, skip = _options(kind, started, at)
    chosen = DataConfig(
        dataset=name,
        root=root,
        options=_said(parse_config(kind.Options, options)),
        skip_broken=skip and root is not None,
    )
    if chosen.root and chosen.options.get(PATTERN):
        _show_patients(chosen)
    same = name == data.dataset and _said(parse_config(kind.Options, data.options)) == chosen.options
    # An unchanged configuration stays as it was written, because its hash identifies the run.
    return data if same and (chosen.root, chosen.skip_broken) == (data.root, data.skip_broken) else chosen


def _kind(data: DataConfig, prefix: str) -> str:
    """Return the name of the chosen kind of data set."""
    names = list(DATASETS)
    return st.selectbox(
        "Data set",
        names,
        index=names.index(data.dataset) if data.dataset in names else 0,
        format_func=lambda name: DATASETS[name].info.title,
        key=f"{prefix}.dataset",
        help="What kind of data they are, and so how their files are read.",
    )


def _folder(data: DataConfig, form: str, prefix: str) -> str | None:
    """Return the folder's path; where it is missing, show what to fetch and where to put it.

    Args:
        data: the kind of data set, with the path and options to start from.
        form: prefix of the form's keys, by which the folder picker knows it.
        prefix: of the widget keys.
    """
    root = st.text_input(
        "Folder",
        value=data.root or "",
        key=f"{prefix}.root",
        placeholder="/path/to/the/data",
        help="On the machine that Histoscope runs on; nothing is copied or changed.",
    ).strip()
    with shown():
        missing = bool(root) and fetch.is_missing(root, current_session().workspace)
        if missing:
            st.warning(
                "There is nothing in this folder yet. This is how to get the data:", icon=":material/folder_off:"
            )
            fetch.draw(data.dataset, root, prefix=prefix)
        elif root:
            with suppress(HistoscopeError):  # opening the folder says the same, once
                folder_picker.recognised(form, root, data)
        else:
            with st.expander("Where to get these data"):
                fetch.draw(data.dataset, None, prefix=prefix)
    return root or None


def _options(kind: type[Dataset], data: DataConfig, prefix: str) -> tuple[dict[str, Any], bool]:
    """Draw the data set's own options; return them, and whether broken files are left out."""
    if not kind.Options.model_fields and not kind.info.needs_root:
        return {}, False
    with st.expander("Options of this data set"):
        given = parse_config(kind.Options, data.options).model_dump()
        options = model_form.fields(kind.Options, given, prefix=f"{prefix}.{data.dataset}")
        if not kind.info.needs_root:
            return options, False
        skip = model_form.fields(DataConfig, data.model_dump(), prefix=f"{prefix}.{data.dataset}", only=["skip_broken"])
    return options, bool(skip["skip_broken"])


@shown()
def _show_patients(data: DataConfig) -> None:
    """Show what the pattern finds in the first names in the folder."""
    found = cache_data.pattern_preview(data, str(data.options[PATTERN]), current_session().workspace)
    known = int(found["patient_id"].notna().to_numpy().sum())
    st.caption(f"The pattern finds a patient in {known} of the first {count(len(found), 'name')}.")
    st.dataframe(
        found,
        hide_index=True,
        height=180,
        column_config={"name": "Name", "patient_id": "Patient"},
        alt="The first image names and the patient that the pattern finds in each.",
    )


def opened(
    data: DataConfig,
    workspace: Workspace,
    *,
    patience: float = math.inf,
    leave_it: Callable[[], bool] = lambda: False,
) -> Dataset:
    """Open a data set. Its preparation (rendering, unpacking, a check for broken files) shows a progress bar.

    Leaving the page stops the preparation, and no partial result stays.

    Args:
        data: the data set to open.
        workspace: stores what is prepared.
        patience: seconds after which to give up, if at least as many remain.
        leave_it: asked once, and only where preparation is needed; True gives up before it begins.

    Raises:
        CancelledError: it gave up.
        HistoscopeError: as `histo_core.data.opening.open_dataset`.
    """
    place, began, asked = st.empty(), time.monotonic(), False

    def progress(done: int, total: int) -> None:
        nonlocal asked
        gone = time.monotonic() - began
        late = gone > patience and gone * (total - done) >= patience * done
        if late or (not asked and leave_it()):
            raise CancelledError("The data must be made ready first.")
        asked = True
        place.progress(min(done / total, 1.0) if total else 0.0, f"Preparing the data: {done:,} of {total:,}")

    with st.spinner("Opening the data…", show_time=True):
        source = cache.dataset(data, workspace, progress)
    place.empty()
    return source


def opened_or_job(data: DataConfig, workspace: Workspace) -> Dataset | None:
    """Open a data set. Long preparation runs in a job, which continues when the page is left.

    Returns:
        The data set; None while the job's card is drawn instead.

    Raises:
        HistoscopeError: as `histo_core.data.opening.open_dataset`.
    """
    kind = "check" if data.skip_broken else "prepare"
    params = {"data": data.model_dump(mode="json")}

    def in_a_job() -> bool:
        job = find_job(kind, params, workspace)
        return job is not None and (job.active or job.state == "cancelled")

    try:
        return opened(data, workspace, patience=PATIENCE, leave_it=in_a_job)
    except CancelledError:
        if find_job(kind, params, workspace) is None:
            start_job(kind, params, workspace, user=current_session().user)
    note = "The data are made ready once, by a process apart from this page."
    job_card(kind, params, "Make the data ready", then="The data are ready.", note=note, primary=True)
    return None


def is_ready(data: DataConfig, workspace: Workspace) -> bool:
    """Return whether a data set opens without preparation; False where an error prevents that. It stays open."""
    try:
        opened(data, workspace, leave_it=lambda: True)
    except HistoscopeError:
        return False
    return True


def describe(data: DataConfig) -> str:
    """Describe a data set: its title, and its folder where it has one."""
    if data.dataset not in DATASETS:
        return data.dataset
    parts = [DATASETS[data.dataset].info.title, data.root or ""]
    parts += [f"{name} {value}" for name, value in data.options.items()]
    return ", ".join(part for part in parts if part)


def _said(options: Config) -> dict[str, Any]:
    """Return the options that differ from their defaults."""
    return options.model_dump(exclude_defaults=True)


def _mapping(name: str) -> dict[str, Any]:
    return parse_object(name, next(iter(url_state.asked(name)), "{}"))


def parse_object(name: str, text: str) -> dict[str, Any]:
    """Parse the JSON object that a link's parameter holds.

    Raises:
        ConfigError: it is no JSON object.
    """
    try:
        values = parse_json(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ConfigError(
            f"The link's {name} cannot be read: {text[:80]!r}.", "A JSON object.", "Open the page afresh."
        )
    return values


def _json(values: dict[str, Any]) -> str | None:
    return as_json(values, sort_keys=True) if values else None
