"""Draw the controls for what runs are called: seed, names, tags, priority and note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from histo_core.config import RunConfig
from histo_core.config.draft import RunDraft
from histo_core.runs.store.edit import NAME_LENGTH, NOTE_LENGTH, PRIORITY
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import model_form

PREFIX_LENGTH = 60


@dataclass(frozen=True)
class Written:
    """The values of the controls.

    Attributes:
        seed: of weights and order.
        names: of the runs, in order.
        tags, priority, note: of all of them.
        drafted: those that differ from the initial values, as fields of a `RunDraft`.
    """

    seed: int
    names: tuple[str, ...]
    tags: tuple[str, ...]
    priority: int
    note: str
    drafted: dict[str, object]


def draw(
    members: Sequence[NamedConfig], base: RunConfig, draft: RunDraft, tags: Sequence[str], *, prefix: str
) -> Written:
    """Draw the controls.

    Args:
        members: the runs.
        base: the configuration that the form starts from.
        draft: what was changed before.
        tags: the tags in use.
        prefix: of the widget keys.
    """
    with st.grid("auto", min_column_width=model_form.COLUMN, gap="small"):
        start = base.seed if draft.seed is None else draft.seed
        seed = int(st.number_input("Seed", 0, 2**32 - 1, start, key=f"{prefix}.seed", help="Of weights and order."))
        names, drafted = _names(members, draft, prefix)
        chosen = st.multiselect(
            "Tags",
            list(dict.fromkeys([*tags, *draft.tags])),
            default=draft.tags,
            accept_new_options=True,
            placeholder="Choose or type",
            key=f"{prefix}.tags",
            help="To find these runs by; type a new one and press Enter.",
        )
        priority = int(
            st.number_input(
                "Priority",
                -PRIORITY,
                PRIORITY,
                min(max(draft.priority, -PRIORITY), PRIORITY),
                key=f"{prefix}.priority",
                help="Waiting runs with a higher one go first.",
            )
        )
    note = st.text_area(
        "Note",
        draft.note[:NOTE_LENGTH],
        key=f"{prefix}.text",
        max_chars=NOTE_LENGTH,
        height=68,
        placeholder="optional",
    )
    drafted |= {
        "seed": None if seed == base.seed else seed,
        "tags": tuple(chosen),
        "priority": priority,
        "note": note,
    }
    return Written(seed, names, tuple(chosen), priority, note, drafted)


def _names(members: Sequence[NamedConfig], draft: RunDraft, prefix: str) -> tuple[tuple[str, ...], dict[str, object]]:
    """Return the runs' names, and what is drafted of them."""
    if len(members) == 1:
        (member,) = members
        start = draft.names.get(member.name, member.name)[:NAME_LENGTH]
        key = f"{prefix}.{member.name}.name"
        name = st.text_input("Name", start, key=key, max_chars=NAME_LENGTH, help="To find it by.").strip()
        others = {known: own for known, own in draft.names.items() if known != member.name}
        changed = {member.name: name} if name and name != member.name else {}
        return (name or member.name,), {"names": others | changed}
    before = st.text_input(
        "Name prefix",
        draft.prefix[:PREFIX_LENGTH],
        key=f"{prefix}.note",
        placeholder="optional",
        max_chars=PREFIX_LENGTH,
        help="To tell these runs from others of the same models.",
    )
    return tuple(f"{before} {member.name}".strip() for member in members), {"prefix": before}
