"""Hash the arguments of cached functions by their content.

`HASHES` is the ``hash_funcs`` of each cached function. Streamlit adds the type's name to what these functions return.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from histo_core.config import Config, DataConfig, PreprocessConfig, RunConfig, SplitConfig
from histo_core.workspace import Workspace


def content(config: Config) -> str:
    """Return all values of a configuration as one text, the same for each order of its options."""
    return json.dumps(config.model_dump(mode="json"), sort_keys=True)


def _folders(workspace: Workspace) -> tuple[str, ...]:
    return (str(workspace.home), *map(str, workspace.extra_roots))


HASHES: dict[str | type[Any], Callable[[Any], Any]] = {
    DataConfig: content,
    SplitConfig: content,
    RunConfig: content,
    PreprocessConfig: content,
    Workspace: _folders,
}
