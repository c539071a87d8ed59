"""What people write on a run: its name, tags and note, and whether it is archived. None of it touches its result."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import ConfigError, RunError
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import ACTIVE, RUNS
from histo_core.workspace import Workspace

NAME_LENGTH, TAG_LENGTH, NOTE_LENGTH = 200, 40, 10_000
TAGS = 20
PRIORITY = 1000
_NOT_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, halves of characters, ends of lines


def rename(run_id: str, name: str, workspace: Workspace, *, user: User = LOCAL) -> Run:
    """Show a run under another name.

    Raises:
        PermissionDeniedError: the user may not change runs.
        ConfigError: the name is empty, longer than 200 characters or of several lines.
        RunError: the run is unknown.
    """
    authorise(user, "run.edit", run_id)
    return _write(run_id, workspace, name=checked_name(name))


def set_tags(run_id: str, tags: Sequence[str], workspace: Workspace, *, user: User = LOCAL) -> Run:
    """Give a run these tags in place of those it has.

    Raises:
        PermissionDeniedError: the user may not change runs.
        ConfigError: a tag is empty, longer than 40 characters or of several lines, or there are more than 20.
        RunError: the run is unknown.
    """
    authorise(user, "run.edit", run_id)
    return _write(run_id, workspace, tags=list(checked_tags(tags)))


def set_note(run_id: str, note: str, workspace: Workspace, *, user: User = LOCAL) -> Run:
    """Write a note of any number of lines on a run, in place of the one it has.

    Raises:
        PermissionDeniedError: the user may not change runs.
        ConfigError: the note is longer than 10,000 characters.
        RunError: the run is unknown.
    """
    authorise(user, "run.edit", run_id)
    return _write(run_id, workspace, note=checked_note(note))


def archive(run_id: str, workspace: Workspace, on: bool = True, *, user: User = LOCAL) -> Run:
    """Put an ended run away, so that lists leave it out, or bring it back. Its files stay as they are.

    Raises:
        PermissionDeniedError: the user may not change runs.
        RunError: the run is unknown, waits or runs.
    """
    authorise(user, "run.edit", run_id)
    now = sa.func.coalesce(RUNS.c.archived_at, sa.literal(datetime.now(UTC), RUNS.c.archived_at.type))
    store = Store.open(workspace)
    changed = store.change(run_id, RUNS.c.status.not_in(ACTIVE), archived_at=now if on else None)
    if changed is None:
        raise RunError(
            f"{run_id} is {store.get(run_id).status}.",
            "Only an ended run can be archived.",
            "Cancel it, or wait for its end.",
        )
    return changed


def checked_name(name: str) -> str:
    """A run's name, without spaces around it.

    Raises:
        ConfigError: it is empty, longer than 200 characters or of several lines.
    """
    return _line("name", name, NAME_LENGTH)


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """A run's tags, each once, without spaces around them.

    Raises:
        ConfigError: one is empty, longer than 40 characters or of several lines, or there are more than 20.
    """
    kept = tuple(dict.fromkeys(_line("tag", tag, TAG_LENGTH) for tag in tags))
    if len(kept) > TAGS:
        raise ConfigError(f"{len(kept)} tags were given.", f"At most {TAGS} are allowed.", "Leave some out.")
    return kept


def checked_note(note: str) -> str:
    """A run's note.

    Raises:
        ConfigError: it is longer than 10,000 characters.
    """
    if len(note) > NOTE_LENGTH:
        raise ConfigError(
            f"The note has {len(note):,} characters.", f"At most {NOTE_LENGTH:,} are allowed.", "Shorten it."
        )
    return note


def checked_priority(priority: int) -> int:
    """A run's priority: 0 unless said otherwise, higher ones first.

    Raises:
        ConfigError: it lies outside -1000 to 1000.
    """
    if abs(priority) > PRIORITY:
        raise ConfigError(
            f"The priority is {priority}.", f"{-PRIORITY} to {PRIORITY} are allowed.", "Choose one in between."
        )
    return priority


def _line(what: str, text: str, length: int) -> str:
    text = text.strip()
    if not 0 < len(text) <= length or any(unicodedata.category(sign) in _NOT_IN_A_LINE for sign in text):
        shown = repr(text if len(text) <= length else text[:length] + "...")
        raise ConfigError(f"The {what} is {shown}.", f"One line of 1 to {length} characters.", f"Change the {what}.")
    return text


def _write(run_id: str, workspace: Workspace, **values: Any) -> Run:
    store = Store.open(workspace)
    return store.change(run_id, sa.true(), **values) or store.get(run_id)
