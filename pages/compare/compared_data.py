"""Open the data that the compared samples are from; a comparison can be shown without them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from histo_core.comparison.entry_data import data_of
from histo_core.comparison.results import Comparison
from histo_core.comparison.sample_facts import sample_facts
from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.errors import HistoscopeError
from histo_core.workspace import Workspace
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app.session import current_session
from pages.shared.cache import cache_data
from pages.shared.cache.hashes import HASHES
from pages.shared.components import data_choice
from pages.shared.components.text import plain


@dataclass(frozen=True, eq=False)
class ComparedData:
    """The data of a comparison.

    Attributes:
        data, source: the configuration, and the opened data set; both None where it cannot be opened.
        facts: its columns for the compared samples, from `sample_facts`.
        workspace: part of each cache key.
    """

    data: DataConfig | None
    source: Dataset | None
    facts: pd.DataFrame
    workspace: Workspace

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Return the row of each sample in the data set, int64 [n]; -1 where it has none."""
        if self.data is None or self.source is None:
            return np.full(len(ids), -1)
        return cache_data.find_rows(self.data, self.source.state, ids.tolist(), self.workspace)


def opened(shown: ShownComparison) -> ComparedData:
    """Open the data of the first model that names any; where they cannot be opened, say why."""
    session = current_session()
    data = data_of([one.run_id for one in shown.comparison.results], session.workspace)
    source = None
    if data is None:
        st.caption("No compared model says where its patches are, so they are listed without pictures.")
    else:
        session.authorise("data.read", data.dataset)
        try:
            source = data_choice.opened(data, session.workspace)
        except HistoscopeError as error:
            said = f"The patches are listed without pictures. {error}"
            st.warning(plain(said), icon=":material/image_not_supported:")
    state = "" if source is None else source.state
    return ComparedData(
        data, source, _facts(shown.key, state, session.workspace, shown.comparison, source), session.workspace
    )


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=8)
def _facts(
    key: Hashable, state: str, workspace: Workspace, _comparison: Comparison, _source: Dataset | None
) -> pd.DataFrame:
    del key, state, workspace
    return sample_facts(_comparison, _source)
