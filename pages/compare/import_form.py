"""Import predictions from another program: choose the file, say what its columns hold, and name the model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from histo_core.comparison.import_columns import ImportColumns, imported_table, propose_columns
from histo_core.comparison.import_reading import SUFFIXES, read_import, read_import_file
from histo_core.comparison.imported import LONGEST_NAME, keep_import
from histo_core.comparison.join import RunPredictions
from histo_core.workspace import Workspace
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache.hashes import HASHES
from pages.shared.components.errors import shown
from pages.shared.components.text import count, plain

NONE = ""
"""No column."""
PREVIEW = 5
"""Rows of the preview."""


@shown()
def draw(ids: Sequence[str], like: RunPredictions, workspace: Workspace) -> None:
    """Draw the form.

    Args:
        ids: what is compared already; the imported predictions are added to it.
        like: a model of the comparison: the imported one must answer with its classes.
        workspace: where they are kept.
    """
    st.subheader("Import predictions", anchor=False)
    st.caption(
        plain(
            f"A table with one row a patch: its id as in {like.name}, and the probability of each class. Labels are "
            "compared with ours, which count."
        )
    )
    found = _file(workspace)
    if found is None:
        return
    name, digest, table = found
    st.dataframe(table.head(PREVIEW), hide_index=True, alt=f"The first {PREVIEW} rows of the table.")
    columns = _columns(table, digest, like)
    title = st.text_input(
        "Name of the model", value=Path(name).stem[:LONGEST_NAME], key=f"compare.import.{digest}.name", width=320
    )
    made = imported_table(table, columns, like.synonyms)
    held_out = set(like.table["sample_id"])
    known = sum(sample in held_out for sample in made["sample_id"])
    st.caption(
        plain(
            f"{count(len(made), 'patch')}, {int(made['y_true'].notna().to_numpy().sum()):,} of them with a label. "
            f"{known:,} are among the {len(held_out):,} of {like.name}."
        )
    )
    if not known:
        st.warning(
            plain(f"No id is known: here {made['sample_id'].iloc[0]!r}, in {like.name} {min(held_out)!r}."),
            icon=":material/warning:",
        )
    if st.button("Import", type="primary", icon=":material/upload:", key="compare.import", disabled=not known):
        current_session().authorise("predictions.import", title)
        kept = keep_import(title, table, columns, like.positive, workspace, source=name, synonyms=like.synonyms)
        url_state.put("runs", list(dict.fromkeys([*ids, kept.id])))
        st.rerun()


def _file(workspace: Workspace) -> tuple[str, str, pd.DataFrame] | None:
    """Draw the choice of a file; return its name, a hash of its content, and its table."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        upload = st.file_uploader(
            "Predictions (CSV or Parquet)",
            type=[suffix.removeprefix(".") for suffix in SUFFIXES],
            key="compare.import.file",
        )
        path = st.text_input(
            "Or a file on this machine",
            key="compare.import.path",
            placeholder="/path/to/predictions.csv",
            help="In one of the folders that may hold data, on the machine that Histoscope runs on.",
        ).strip()
    if upload is not None:
        content = upload.getvalue()
        digest = hashlib.sha256(content).hexdigest()[:16]
        return upload.name, digest, _uploaded(upload.name, digest, content)
    if not path:
        return None
    file = workspace.allowed(path)
    facts = file.stat()
    digest = hashlib.sha256(f"{file} {facts.st_mtime_ns} {facts.st_size}".encode()).hexdigest()[:16]
    return file.name, digest, _from_file(str(file), digest)


@st.cache_resource(show_spinner="Reading the table…", hash_funcs=HASHES, max_entries=2)
def _uploaded(name: str, digest: str, _content: bytes) -> pd.DataFrame:
    del digest
    return read_import(name, _content)


@st.cache_resource(show_spinner="Reading the table…", hash_funcs=HASHES, max_entries=2)
def _from_file(path: str, digest: str) -> pd.DataFrame:
    del digest
    return read_import_file(Path(path))


def _columns(table: pd.DataFrame, digest: str, like: RunPredictions) -> ImportColumns:
    """Draw what the columns hold, as their names propose it, and return it."""
    names = list(map(str, table.columns))
    proposed = propose_columns(names, like.classes, like.positive, like.synonyms)

    def choose(label: str, key: str, now: str) -> str:
        return st.selectbox(
            label,
            [NONE, *names],
            index=[NONE, *names].index(now),
            format_func=lambda name: name or "no column",
            key=f"compare.import.{digest}.{key}",
            width=220,
        )

    with st.container(horizontal=True, vertical_alignment="bottom"):
        sample_id = choose("Id of the patch", "id", proposed.sample_id)
        probabilities = {
            name: choose(f"Probability of {plain(name)}", f"prob.{name}", proposed.probabilities[name])
            for name in like.classes
        }
        y_true = choose("Label", "label", proposed.y_true)
    return ImportColumns(sample_id, probabilities, y_true)
