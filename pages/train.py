"""Train: choose a preset, change what should be different, launch; then watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from histo_core.access import LOCAL, authorise
from histo_core.config import AugmentConfig, DataConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.runs.launcher import launch_many
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace
from pages.ui import (
    data_choice,
    forms,
    layout,
    navigation,
    presets,
    run_board,
    split_form,
    split_verdict,
    state,
    train_form,
)
from pages.ui.text import count, plain

SECTIONS = {
    "split": ("How patches are divided", SplitConfig),
    "preprocess": ("What the network gets to see", PreprocessConfig),
    "augment": ("Random changes while training", AugmentConfig),
    "train": ("Training", TrainConfig),
}


def render() -> None:
    """Draw the page."""
    authorise(LOCAL, "run.read")
    workspace = Workspace.default()
    layout.header("Train", "Choose a preset, change what should be different, and launch.")
    grid = layout.halves()
    with grid.cell():
        _form(workspace)
    with grid.cell():
        run_board.draw(workspace)


def _form(workspace: Workspace) -> None:
    """The form, with its button above all that need not be touched."""
    known = presets.all_presets()
    preset = known[
        state.choose(
            "Preset",
            "preset",
            list(known),
            format_func=lambda name: known[name].title,
            help="A set of runs with all their settings, from the demo or from a published study.",
        )
    ]
    st.caption(plain(preset.note))
    linked = data_choice.from_url()
    prefix = f"train.{preset.name}.{linked}"
    members = _models(preset, prefix)
    if not members:
        st.info("Choose at least one model.")
        return
    launching = st.container()
    base = members[0].config
    with st.expander("Data", expanded=base.data.dataset != "phantom"):
        data = data_choice.form(linked[0] if linked else base.data, prefix=prefix)
    changes: dict[str, dict[str, Any]] = {}
    for section, (title, kind) in SECTIONS.items():
        start = linked[1] if linked and section == "split" else getattr(base, section)
        with st.expander(title, expanded=section == "train"):
            key = f"{prefix}.{base.model.name}.{section}"
            if section == "split":
                values = split_form.of_data(data, start, prefix=key)
            elif section == "train":
                values = train_form.fields(base.train, prefix=key)
            else:
                values = forms.fields(kind, start.model_dump(), prefix=key)
        changes[section] = presets.changed(getattr(base, section), values)
    left, right = st.columns(2)
    seed = int(left.number_input("Seed", 0, 2**32 - 1, base.seed, key=f"{prefix}.seed", help="Of weights and order."))
    note = right.text_input(
        "Put before each name",
        key=f"{prefix}.note",
        placeholder="optional",
        max_chars=60,
        help="To tell these runs from others of the same models.",
    )
    with launching:
        _what_changed(base, data, changes, seed)
        configs = [presets.with_changes(member, data, changes, seed, note) for member in members]
        split_verdict.draw(data, configs[0].config.split)
        _launch(configs, workspace)


def _models(preset: presets.Preset, prefix: str) -> list[NamedConfig]:
    members = {member.name: member for member in presets.members(preset)}
    names = st.multiselect(
        "Models",
        list(members),
        default=[member.name for member in preset.configs],
        key=f"{prefix}.models",
        help="Each becomes a run of its own; those of the preset come first, then all other networks.",
    )
    return [members[name] for name in names]


def _what_changed(base: RunConfig, data: DataConfig, changes: Mapping[str, Mapping[str, Any]], seed: int) -> None:
    lines = [
        f"{kind.model_fields[name].title or name}: {_shown(getattr(getattr(base, section), name))} → {_shown(value)}"
        for section, (_, kind) in SECTIONS.items()
        for name, value in changes[section].items()
    ]
    if data != base.data:
        lines.insert(0, f"Data: {data_choice.describe(base.data)} → {data_choice.describe(data)}")
    if seed != base.seed:
        lines.append(f"Seed: {base.seed} → {seed}")
    if lines:
        st.caption("Changed against the preset")
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _launch(configs: Sequence[NamedConfig], workspace: Workspace) -> None:
    if st.button(
        f"Train {count(len(configs), 'model')}",
        type="primary",
        icon=":material/play_arrow:",
        help="Checks the data, then queues the runs; they go on when the browser is closed.",
    ):
        data_choice.opened(configs[0].config.data)
        with st.spinner("Checking the data and queueing…", show_time=True):
            runs = launch_many(
                [member.config for member in configs], workspace, user=LOCAL, names=[member.name for member in configs]
            )
        navigation.go("train", watch=[run.run_id for run in runs])
    with st.expander("Copy as a file or a command"):
        for member in configs:
            st.caption(plain(member.name))
            st.code(member.config.to_yaml(), language="yaml")
            st.code(presets.command(member.config), language="bash")


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
