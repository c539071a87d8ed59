"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import torch
from postgres import running_postgres

from histo_core.runs.store import database
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of its own; data may lie anywhere under the test's temporary folder or beside the project."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", f"{tmp_path}:{PROJECT.parent / 'shared'}")
    return Workspace.default()


@pytest.fixture(scope="session")
def gpu() -> torch.device:
    """The first CUDA device."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device is here")
    return torch.device("cuda:0")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real images beside the project; they are never committed."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real images are missing: {folder} is not there")
    return folder


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database for one file of tests; they take `empty_postgres`."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database without tables, to be named with ``HISTOSCOPE_DATABASE_URL``."""
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    yield postgres_url
    database.engine_of(sa.make_url(postgres_url)).dispose()  # else its pool is found open when Python forgets it
