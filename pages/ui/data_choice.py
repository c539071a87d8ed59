"""Which data, split how: kept in the URL as a link can be sent, and opened with progress in sight."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from histo_core.config import Config, DataConfig, SplitConfig, parse_config
from histo_core.data.base import DATASETS, Dataset
from histo_core.data.phantom import PhantomOptions, build_phantom
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace
from pages.ui import cache, forms, state


def from_url() -> tuple[DataConfig, SplitConfig] | None:
    """The data and split that the URL names; None when it names none.

    Raises:
        ConfigError: the link was cut or altered.
    """
    names = state.asked("dataset")
    if not names:
        return None
    data = {"dataset": names[0], "root": next(iter(state.asked("root")), None), "options": _mapping("options")}
    return parse_config(DataConfig, data), parse_config(SplitConfig, _mapping("split"))


def to_params(data: DataConfig, split: SplitConfig | None = None) -> dict[str, str | None]:
    """URL parameters that `from_url` reads back; None where a default needs no saying."""
    return {
        "dataset": data.dataset,
        "root": data.root,
        "options": _json(data.options),
        "split": _json(split.model_dump(exclude_defaults=True)) if split else None,
    }


def form(data: DataConfig, *, prefix: str) -> DataConfig:
    """Controls for a data set, its folder and its options.

    Args:
        data: what they start with.
        prefix: of their keys.

    Raises:
        ConfigError: an option that the data set does not allow.
    """
    names = list(DATASETS)
    name = st.selectbox(
        "Data set",
        names,
        index=names.index(data.dataset) if data.dataset in names else 0,
        format_func=lambda name: DATASETS[name].info.title,
        key=f"{prefix}.dataset",
        help="What kind of data they are, and so how their files are read.",
    )
    kind = DATASETS[name]
    st.caption(f"{kind.info.summary} {kind.info.layout}")
    root = None
    if kind.info.needs_root:
        root = st.text_input(
            "Folder",
            value=data.root or "",
            key=f"{prefix}.root",
            placeholder="/path/to/the/data",
            help="On the machine that Histoscope runs on; nothing is copied or changed.",
        ).strip()
    options = {}
    if kind.Options.model_fields:
        with st.expander("Options of this data set"):
            given = parse_config(kind.Options, data.options).model_dump() if name == data.dataset else {}
            options = forms.fields(kind.Options, given, prefix=f"{prefix}.{name}")
    chosen = DataConfig(dataset=name, root=root or None, options=_said(parse_config(kind.Options, options)))
    same = name == data.dataset and _said(parse_config(kind.Options, data.options)) == chosen.options
    # What was not touched stays as it was written, because its hash names the run.
    return data if same and chosen.root == data.root else chosen


def opened(data: DataConfig) -> Dataset:
    """Open a data set, drawing phantom tissue with a progress bar where it is not there yet."""
    workspace = Workspace.default()
    if data.dataset == "phantom":
        draw_phantom(data, workspace)
    with st.spinner("Opening the data…", show_time=True):
        return cache.dataset(data.model_dump_json(), str(workspace.home))


def draw_phantom(data: DataConfig, workspace: Workspace) -> None:
    """Make the phantom's files if need be. Leaving the page stops it, and nothing half-made stays."""
    place = st.empty()

    def progress(done: int, total: int) -> None:
        place.progress(done / total, f"Drawing phantom tissue: {done:,} of {total:,} patches")

    build_phantom(parse_config(PhantomOptions, data.options), workspace, progress=progress)
    place.empty()


def describe(data: DataConfig) -> str:
    """A data set in words: its title, and its folder where it has one."""
    if data.dataset not in DATASETS:
        return data.dataset
    parts = [DATASETS[data.dataset].info.title, data.root or ""]
    parts += [f"{name} {value}" for name, value in data.options.items()]
    return ", ".join(part for part in parts if part)


def _said(options: Config) -> dict[str, Any]:
    """The options that are not left at their defaults."""
    return options.model_dump(exclude_defaults=True)


def _mapping(name: str) -> dict[str, Any]:
    text = next(iter(state.asked(name)), "{}")
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ConfigError(
            f"The link's {name} cannot be read: {text[:80]!r}.", "A JSON object.", "Open the page afresh."
        )
    return values


def _json(values: dict[str, Any]) -> str | None:
    return json.dumps(values, sort_keys=True) if values else None
