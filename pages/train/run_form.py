"""Draw the form of new runs with all fields of a configuration, starting from a preset or another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from histo_core.config import Config, DataConfig, PredictConfig, RunConfig
from histo_core.config.draft import SECTIONS, RunDraft, fitting
from histo_core.errors import ConfigError
from histo_core.models.registry import MODELS
from histo_core.runs.devices.devices import Device
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import data_choice, model_form, run_card, split_form
from pages.shared.components.text import plain
from pages.train import own_data, presets, run_changes, run_label_fields, run_networks, run_symmetry, train_form
from pages.train.run_draft import FormState
from pages.train.run_source import Source


@dataclass(frozen=True)
class TrainRequest:
    """The values of the form.

    Attributes:
        members: the runs, without those that are not possible.
        changes: the differences from the form's initial values.
        problems: why it cannot be launched, in words.
        tags, note: of all its runs; runs of an experiment differ by their names.
        priority: of all its runs.
        draft: all that was changed, to start the form with when it is drawn anew.
        keys: keys of the controls of the changed settings.
    """

    members: tuple[NamedConfig, ...]
    changes: tuple[run_changes.Change, ...]
    problems: tuple[str, ...]
    tags: tuple[str, ...]
    note: str
    priority: int
    draft: RunDraft
    keys: tuple[str, ...]


def draw(
    source: Source, state: FormState, machine: Sequence[Device], labels: Mapping[str, str], tags: Sequence[str]
) -> TrainRequest | None:
    """Draw the form's controls.

    Args:
        source: initial values.
        state: what was changed before.
        machine: devices to choose among.
        labels: names of the runs that use devices, by id.
        tags: the tags in use.

    Returns:
        The form's values; None where no network is chosen.

    Raises:
        ConfigError: the URL names data with an invalid configuration.
    """
    linked, draft = data_choice.from_url(), state.draft
    prefix = state.key(f"train.{source.preset.name}.{linked}")
    members = _members(source, draft, prefix)
    if not members:
        st.info("Choose at least one model.")
        return None
    base = members[0].config
    problems: list[str] = []
    start = linked[0] if linked else base.data
    with st.expander("Data", expanded=base.data.dataset != "phantom"):
        data = data_choice.form(draft.data or start, prefix=prefix)
    if source.word not in ("run", "experiment"):
        own_data.follow(data, start, demo=source.preset.name == presets.DEMO)
    changes: dict[str, dict[str, Any]] = {}
    sections: dict[str, dict[str, Any]] = {}
    networks: dict[str, dict[str, Any]] = {}
    beside: dict[str, DeltaGenerator] = {}
    for section, (title, _) in run_changes.SECTIONS.items():
        with st.expander(title, expanded=section == "train"):
            for reason in source.reasons.get(section, ()):
                st.caption(plain(reason))
            key = f"{prefix}.{base.model.name}.{section}"
            if section == "model":
                networks, wrong = run_networks.fields(members, draft.networks, prefix=key)
                problems += wrong
                continue
            initial = linked[1] if linked and section == "split" else getattr(base, section)
            drafted = draft.sections.get(section, {})
            given = _drawn(section, initial.model_copy(update=drafted), data, key, _offered(machine, labels))
            sections[section] = _changed(initial, drafted, given)
            try:
                whole = type(initial)().model_dump() | given  # what the other choices make meaningless has its default
                changes[section] = presets.changed(getattr(base, section), whole)
            except ConfigError as error:
                st.error(plain(error.found), icon=":material/error:")
                problems.append(f"{title}: {error.found}")
                changes[section] = {}
            beside[section] = st.container()
    written = run_label_fields.draw(members, base, draft, tags, prefix=prefix)
    configs, wrong = _configs(members, written.names, data, changes, networks, written.seed)
    with beside["preprocess"]:  # shown once the options of the networks, which are below, are known
        run_symmetry.draw(configs)
    now = draft.model_copy(
        update={
            "models": _chosen(source, members),
            "data": None if data == start else data,
            "sections": {name: fields for name, fields in sections.items() if fields},
            "networks": _networks(draft, networks),
            **written.drafted,
        }
    )
    return TrainRequest(
        members=tuple(configs),
        changes=tuple(run_changes.changes_of(members, data, changes, networks, written.seed)),
        problems=(*problems, *wrong),
        tags=written.tags,
        note=written.note,
        priority=written.priority,
        draft=now,
        keys=tuple(_keys(now, members, prefix)),
    )


def _members(source: Source, draft: RunDraft, prefix: str) -> list[NamedConfig]:
    known = {member.name: member for member in presets.members(source.preset)}
    drafted = [name for name in draft.models or () if name in known]
    names = st.multiselect(
        "Models",
        list(known),
        default=drafted or source.preset.chosen,
        key=f"{prefix}.models",
        help=f"Each becomes a run of its own; those of the {source.word} come first, then all other networks.",
    )
    return [known[name] for name in names]


def _chosen(source: Source, members: Sequence[NamedConfig]) -> tuple[str, ...] | None:
    names = [member.name for member in members]
    return None if names == source.preset.chosen else tuple(names)


def _drawn(section: str, start: Any, data: DataConfig, key: str, devices: Mapping[str, str]) -> dict[str, Any]:
    """Draw one section, and return the plain values of the drawn fields, not validated yet."""
    if section == "split":
        return split_form.drawn_of_data(data, start, prefix=key)
    if section == "train":
        return train_form.fields(start, prefix=key, devices=devices)
    kind, values = run_changes.SECTIONS[section][1], start.model_dump()
    if section == "predict":
        views = st.session_state.get(f"{key}.tta", values["tta"])
        asked = [name for name in PredictConfig.model_fields if name != "combine" or views != "none"]
        return model_form.fields(kind, values, prefix=key, only=asked)
    return model_form.fields(kind, values, prefix=key)


def _changed(initial: Config, drafted: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changed fields of a section; a field that is not drawn stays as it was drafted."""
    now = {name: value for name, value in given.items() if value != getattr(initial, name)}
    return {name: value for name, value in drafted.items() if name not in given} | fitting(type(initial), now)


def _networks(draft: RunDraft, networks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the changed fields of each network; those of a model that is not chosen stay as they were."""
    others = {name: fields for name, fields in draft.networks.items() if name not in networks}
    return others | {name: dict(fields) for name, fields in networks.items() if fields}


def _keys(draft: RunDraft, members: Sequence[NamedConfig], prefix: str) -> list[str]:
    """Return the keys of the controls of all changed settings."""
    own = f"{prefix}.{members[0].config.model.name}"
    keys = [f"{own}.{section}.{name}" for section in SECTIONS for name in draft.sections.get(section, {})]
    for member in members:
        network, before = f"{own}.model.{member.name}", member.config.model.options
        for name, value in draft.networks.get(member.name, {}).items():
            options = [one for one in value if before.get(one) != value[one]] if name == "options" else []
            keys += [f"{network}.options.{one}" for one in options] or [f"{network}.{name}"]
    return [*keys, *([] if draft.seed is None else [f"{prefix}.seed"])]


def _offered(machine: Sequence[Device], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the devices to choose among, each with its description and whether it is busy."""
    offered = {"auto": "auto: the fastest one"}
    return offered | {device.name: f"{device.name}: {run_card.device_words(device, labels)}" for device in machine}


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
