"""Drafts of forms: one a form and user, with a revision, bounded in size, number and age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from histo_core.access import LOCAL, User
from histo_core.config.draft import RunDraft
from histo_core.errors import ConfigError, StoreError
from histo_core.runs.store import drafts
from histo_core.runs.store.drafts import delete_draft, newest_link, read_draft, write_draft
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import DRAFTS

LINK = {"preset": ["demo"]}


def _write(store: Store, form: str, seed: int = 1, tab: str = "a", user: User = LOCAL) -> drafts.KeptDraft:
    return write_draft(store.database, user, form, RunDraft(seed=seed), link={"preset": [form[:40]]}, tab=tab)


def test_a_draft_is_read_as_it_was_written_and_counts_its_revisions(store: Store) -> None:
    assert read_draft(store.database, LOCAL, "demo") is None
    first, second = _write(store, "demo", 1, "a"), _write(store, "demo", 2, "b")
    assert (first.revision, second.revision) == (1, 2)
    found = read_draft(store.database, LOCAL, "demo")
    assert found is not None
    assert (found.draft, found.tab, found.revision) == (RunDraft(seed=2), "b", 2)
    assert found.link == LINK


def test_forms_and_users_are_apart(store: Store) -> None:
    _write(store, "demo", 1)
    _write(store, "demo", 2, user=User("Ann", "researcher"))
    _write(store, "recommended /data/idc", 3)
    found = [read_draft(store.database, LOCAL, form) for form in ("demo", "recommended /data/idc", "other")]
    assert [one and one.draft.seed for one in found] == [1, 3, None]


def test_the_newest_form_is_returned_to(store: Store) -> None:
    assert newest_link(store.database, LOCAL) is None
    for form in ("demo", "wpi", "demo"):
        _write(store, form)
    assert newest_link(store.database, LOCAL) == LINK


def test_a_deleted_draft_is_gone(store: Store) -> None:
    _write(store, "demo")
    delete_draft(store.database, LOCAL, "demo")
    assert read_draft(store.database, LOCAL, "demo") is None


def test_the_oldest_are_deleted_when_there_are_too_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 3)
    for number in range(5):
        _write(store, f"form {number}")
    kept = [number for number in range(5) if read_draft(store.database, LOCAL, f"form {number}")]
    assert kept == [2, 3, 4]


def test_an_old_draft_is_not_read_and_is_deleted_by_the_next(store: Store) -> None:
    _write(store, "old")
    past = datetime.now(UTC) - drafts.AGE - timedelta(hours=1)
    with store.database.write() as connection:
        connection.execute(sa.update(DRAFTS).values(written_at=past))
    assert read_draft(store.database, LOCAL, "old") is None
    assert newest_link(store.database, LOCAL) is None
    _write(store, "new")
    with store.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(DRAFTS)).scalar() == 1


def test_a_draft_that_is_too_large_is_refused_and_the_last_one_stays(store: Store) -> None:
    _write(store, "demo")
    with pytest.raises(StoreError, match="too many"):
        write_draft(store.database, LOCAL, "demo", RunDraft(note="x" * drafts.LARGEST), link=LINK, tab="a")
    found = read_draft(store.database, LOCAL, "demo")
    assert found is not None
    assert found.draft == RunDraft(seed=1)


@pytest.mark.parametrize("content", ["[1]", '{"seed": "many"}', "no JSON", '{"sections": {"train": {"epochs": -1}}}'])
def test_a_damaged_draft_is_refused(store: Store, content: str) -> None:
    _write(store, "demo")
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE drafts SET content = :content"), {"content": content})
    with pytest.raises(ConfigError):
        read_draft(store.database, LOCAL, "demo")


@pytest.mark.parametrize("link", ["[1]", '{"preset": "demo"}', "no JSON"])
def test_a_damaged_link_leads_nowhere(store: Store, link: str) -> None:
    _write(store, "demo")
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE drafts SET link = :link"), {"link": link})
    assert newest_link(store.database, LOCAL) is None
    with pytest.raises(ConfigError):
        read_draft(store.database, LOCAL, "demo")
