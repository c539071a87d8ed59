"""Show the files of a data set: unreadable files, the faster copy, the source, and exports."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import DATASETS, Dataset, Problem
from histo_core.data.formats.left_out import LeftOut
from histo_core.data.integrity import FileCheck, stored_check
from histo_core.data.splits.split import Split
from histo_core.data.storage.converted import worth_converting
from histo_core.errors import BrokenFilesError
from histo_core.jobs.params import nearest_there
from pages.data import export_form
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import fetch, layout, unreadable
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, plain, size

ROWS = 300
"""Pixels of a table of problems; a longer table scrolls."""


def draw(source: Dataset, split: Split, data: DataConfig, division: SplitConfig) -> None:
    """Draw the view.

    Args:
        source: the opened data set.
        split: the split in use, which an export writes.
        data: configuration of ``source``.
        division: configuration of ``split``.
    """
    del split
    grid = layout.halves()
    with grid.cell():
        st.header("Can all files be read?", anchor=False)
        with shown():
            _check(source, data)
        if source.left_out.count:
            st.header("What is not used", anchor=False)
            _left_out(source.left_out)
        st.header("A faster copy", anchor=False)
        with shown():
            _copy(source, data)
    with grid.cell():
        st.header("Export", anchor=False)
        with shown():
            export_form.draw(source, data, division)
        st.header("Where the data come from", anchor=False)
        with shown():
            _origin(data)


def broken(error: BrokenFilesError, data: DataConfig) -> None:
    """Draw the view of a data set that was not opened because some of its files cannot be used.

    Args:
        error: names the files.
        data: the requested data set.
    """
    _problems([Problem(*problem) for problem in error.problems])
    if data.skip_broken:
        st.error(plain(error.remedy), icon=":material/error:")
    else:
        st.markdown("Mend or remove them and open the data again, or go on with the rest.")
        unreadable.go_on(key="files")


def _check(source: Dataset, data: DataConfig) -> None:
    if source.problems:
        st.markdown(f"{count(len(source.problems), 'file')} are left out:" if len(source.problems) > 1 else "Left out:")
        _problems(source.problems)
    found = stored_check(source, current_session().workspace)
    if found is None:
        job_card(
            "check",
            {"data": data.model_dump(mode="json")},
            "Check all files",
            then="All files were looked at.",
            note=f"Decodes each of {count(len(source), 'patch')} once and names those that cannot be read.",
        )
        return
    _checked(found)


def _checked(found: FileCheck) -> None:
    st.markdown(plain(_sentence(found)))
    if found.problems:
        _problems(found.problems)
        unreadable.go_on(key="files")
    if len(found.sizes) > 1:
        rows = [(width, height, number) for (height, width), number in found.sizes.items()]
        table = pd.DataFrame(rows, columns=["Width (px)", "Height (px)", "Patches"])
        st.dataframe(
            table,
            hide_index=True,
            height=min(ROWS, 38 + 35 * len(rows)),
            alt="How many patches there are of each size.",
        )
        layout.download_table(table, "sizes")


def _sentence(found: FileCheck) -> str:
    patches = count(found.checked, "patch")
    if found.problems:
        return f"{len(found.problems):,} of {patches} cannot be read."
    sizes = "all of one size" if len(found.sizes) == 1 else f"of {count(len(found.sizes), 'size')}"
    return f"All {patches} can be read; they are {sizes}." if found.checked > 1 else "The one patch can be read."


def _problems(problems: Sequence[Problem]) -> None:
    """Draw a table of problems; its texts come from the user's files and are shown as plain text."""
    table = pd.DataFrame(list(problems), columns=["where", "what"])
    st.dataframe(
        table,
        hide_index=True,
        height=min(ROWS, 38 + 35 * len(table)),
        column_config={"where": "File or sample", "what": "What is wrong"},
        alt="Files that cannot be used, and what is wrong with each.",
    )
    layout.download_table(table, "problems")


def _left_out(found: LeftOut) -> None:
    """Draw a table of the files in the folder that are not used; names are shown as plain text."""
    few = "" if found.whole else "At least "
    st.markdown(f"{few}{count(found.count, 'file')} in the folder {'is' if found.count == 1 else 'are'} not used:")
    rows = [(kind.what, kind.count, ", ".join(kind.names)) for kind in found.kinds]
    table = pd.DataFrame(rows, columns=["kind", "count", "names"])
    st.dataframe(
        table,
        hide_index=True,
        height=min(ROWS, 38 + 35 * len(rows)),
        column_config={"kind": "Kind", "count": "Files", "names": "The first by name"},
        alt="Files in the folder that are not used, by kind.",
    )
    layout.download_table(table, "not used")


def _copy(source: Dataset, data: DataConfig) -> None:
    workspace = current_session().workspace
    if source.converted is not None:
        st.markdown("Patches are read from a converted copy in the workspace, made from these very files.")
        return
    if not worth_converting(source):
        st.markdown("The patches are read where they lie, as fast as a copy would be. None is needed.")
        return
    needed = size(cache_data.copy_bytes(data, source.state, workspace))
    free = size(shutil.disk_usage(nearest_there(workspace.home)).free)
    job_card(
        "convert",
        {"data": data.model_dump(mode="json")},
        "Make a faster copy",
        then="The faster copy is in use from now on.",
        forget=cache.forget_data,
        note=f"Decodes all patches once into a file of {needed} in the workspace, where {free} are free. "
        "Training and looking at patches get faster; your files stay as they are.",
    )


def _origin(data: DataConfig) -> None:
    if DATASETS[data.dataset].info.needs_root:
        fetch.draw(data.dataset, None, prefix="files")
    else:
        fetch.describe(data.dataset)
