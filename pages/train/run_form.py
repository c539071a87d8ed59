"""Draw the form of new runs with all fields of a configuration, starting from a preset or another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.config import (
    DataConfig,
    PredictConfig,
    RunConfig,
)
from histo_core.errors import ConfigError
from histo_core.models.registry import MODELS
from histo_core.runs.devices.devices import Device
from histo_core.runs.store.edit import NAME_LENGTH, NOTE_LENGTH, PRIORITY
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import data_choice, model_form, run_card, split_form
from pages.shared.components.text import plain
from pages.train import own_data, presets, run_changes, run_networks, run_symmetry, train_form
from pages.train.run_source import Source


@dataclass(frozen=True)
class TrainRequest:
    """The values of the form.

    Attributes:
        members: the runs, without those that are not possible.
        changes: the differences from the form's initial values, a line each.
        problems: why it cannot be launched, in words.
        tags, note: of all its runs; runs of an experiment differ by their names.
        priority: of all its runs.
    """

    members: tuple[NamedConfig, ...]
    changes: tuple[str, ...]
    problems: tuple[str, ...]
    tags: tuple[str, ...]
    note: str
    priority: int


def draw(
    source: Source, machine: Sequence[Device], labels: Mapping[str, str], tags: Sequence[str]
) -> TrainRequest | None:
    """Draw the form's controls.

    Args:
        source: initial values.
        machine: devices to choose among.
        labels: names of the runs that use devices, by id.
        tags: the tags in use.

    Returns:
        The form's values; None where no network is chosen.

    Raises:
        ConfigError: the URL names data with an invalid configuration.
    """
    linked = data_choice.from_url()
    prefix = f"train.{source.preset.name}.{linked}"
    members = _members(source, prefix)
    if not members:
        st.info("Choose at least one model.")
        return None
    base = members[0].config
    problems: list[str] = []
    with st.expander("Data", expanded=base.data.dataset != "phantom"):
        data = data_choice.form(linked[0] if linked else base.data, prefix=prefix)
    if source.word != "run":
        own_data.follow(data, linked[0] if linked else base.data, demo=source.preset.name == presets.DEMO)
    changes: dict[str, dict[str, Any]] = {}
    networks: dict[str, dict[str, Any]] = {}
    beside: dict[str, DeltaGenerator] = {}
    for section, (title, _) in run_changes.SECTIONS.items():
        with st.expander(title, expanded=section == "train"):
            for reason in source.reasons.get(section, ()):
                st.caption(plain(reason))
            key = f"{prefix}.{base.model.name}.{section}"
            if section == "model":
                networks, wrong = run_networks.fields(members, prefix=key)
                problems += wrong
                continue
            start = linked[1] if linked and section == "split" else getattr(base, section)
            values = _values(section, start, data, key, _offered(machine, labels))
            try:
                changes[section] = presets.changed(getattr(base, section), values)
            except ConfigError as error:
                st.error(plain(error.found), icon=":material/error:")
                problems.append(f"{title}: {error.found}")
                changes[section] = {}
            beside[section] = st.container()
    seed, names, written = _written(members, base, prefix, tags)
    configs, wrong = _configs(members, names, data, changes, networks, seed)
    with beside["preprocess"]:  # shown once the options of the networks, which are below, are known
        run_symmetry.draw(configs)
    return TrainRequest(
        members=tuple(configs),
        changes=tuple(run_changes.lines(members, data, changes, networks, seed)),
        problems=(*problems, *wrong),
        **written,
    )


def _members(source: Source, prefix: str) -> list[NamedConfig]:
    known = {member.name: member for member in presets.members(source.preset)}
    names = st.multiselect(
        "Models",
        list(known),
        default=source.preset.chosen,
        key=f"{prefix}.models",
        help=f"Each becomes a run of its own; those of the {source.word} come first, then all other networks.",
    )
    return [known[name] for name in names]


def _values(section: str, start: Any, data: DataConfig, key: str, devices: Mapping[str, str]) -> dict[str, Any]:
    """Draw one section, and return its plain values, not validated yet."""
    if section == "split":
        return split_form.of_data(data, start, prefix=key)
    if section == "train":
        return train_form.fields(start, prefix=key, devices=devices)
    kind, values = run_changes.SECTIONS[section][1], start.model_dump()
    if section == "predict":
        views = st.session_state.get(f"{key}.tta", values["tta"])
        asked = [name for name in PredictConfig.model_fields if name != "combine" or views != "none"]
        return PredictConfig().model_dump() | model_form.fields(kind, values, prefix=key, only=asked)
    return model_form.fields(kind, values, prefix=key)


def _offered(machine: Sequence[Device], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the devices to choose among, each with its description and whether it is busy."""
    offered = {"auto": "auto: the fastest one"}
    return offered | {device.name: f"{device.name}: {run_card.device_words(device, labels)}" for device in machine}


def _written(
    members: Sequence[NamedConfig], base: RunConfig, prefix: str, tags: Sequence[str]
) -> tuple[int, list[str], dict[str, Any]]:
    """Draw and return the seed, the runs' names, and their tags, note and priority."""
    with st.grid("auto", min_column_width=model_form.COLUMN, gap="small"):
        seed = int(st.number_input("Seed", 0, 2**32 - 1, base.seed, key=f"{prefix}.seed", help="Of weights and order."))
        if len(members) == 1:
            (member,) = members
            name = st.text_input(
                "Name", member.name, key=f"{prefix}.{member.name}.name", max_chars=NAME_LENGTH, help="To find it by."
            )
            names = [name.strip() or member.name]
        else:
            before = st.text_input(
                "Name prefix",
                key=f"{prefix}.note",
                placeholder="optional",
                max_chars=60,
                help="To tell these runs from others of the same models.",
            )
            names = [f"{before} {member.name}".strip() for member in members]
        chosen = st.multiselect(
            "Tags",
            list(tags),
            accept_new_options=True,
            placeholder="Choose or type",
            key=f"{prefix}.tags",
            help="To find these runs by; type a new one and press Enter.",
        )
        priority = st.number_input(
            "Priority",
            -PRIORITY,
            PRIORITY,
            0,
            key=f"{prefix}.priority",
            help="Waiting runs with a higher one go first.",
        )
    note = st.text_area("Note", key=f"{prefix}.text", max_chars=NOTE_LENGTH, height=68, placeholder="optional")
    return seed, names, {"tags": tuple(chosen), "note": note, "priority": int(priority)}


def _configs(
    members: Sequence[NamedConfig],
    names: Sequence[str],
    data: DataConfig,
    changes: Mapping[str, Mapping[str, Any]],
    networks: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> tuple[list[NamedConfig], list[str]]:
    """Return the runs with the form's changes, and why the others are not possible."""
    made: list[NamedConfig] = []
    problems: list[str] = []
    for member, name in zip(members, names, strict=True):
        try:
            whole = presets.with_changes(member, data, {**changes, "model": networks[member.name]}, seed, "")
            _check_size(whole.config)
        except ConfigError as error:
            problems.append(f"{member.name}: {error.found}")
            continue
        made.append(replace(whole, name=name))
    return made, problems


def _check_size(config: RunConfig) -> None:
    """Refuse patches that are too small for the network, where the form determines their size.

    Raises:
        ConfigError: the patches are too small.
    """
    side, spec = config.preprocess.resize or config.preprocess.crop, MODELS[config.model.name]
    if side is not None and side < spec.smallest_input:
        raise ConfigError(
            f"{spec.title} needs patches of at least {spec.smallest_input} pixels a side, not {side}.",
            "",
            "Crop less, or resize to a larger side.",
        )
