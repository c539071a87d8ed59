"""Locate the folders of a workspace, and check which folders may be read.

``HISTOSCOPE_HOME`` names the workspace (default: the platform's own data folder). ``HISTOSCOPE_DATA_ROOTS`` (paths
joined by the platform's separator) names the folders that may hold data; the workspace is always allowed. Without this
setting, as on a personal machine, the home folder and the parent of the start folder are allowed too, because data
often lies beside a checkout.

``HISTOSCOPE_WEIGHTS`` names a folder of initial weights. It is only read, so that several workspaces, or machines
without internet, can share it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from histo_core.errors import DataNotFoundError, PathNotAllowedError

if TYPE_CHECKING:
    from histo_core.config import RunConfig


@dataclass(frozen=True)
class Workspace:
    """The folders of one workspace; each is created when it is needed.

    Example:
        >>> from pathlib import Path
        >>> from histo_core import Workspace
        >>> workspace = Workspace(Path("/tmp/mine"))
        >>> str(workspace.run_folder("4547d1de99b8-1"))
        '/tmp/mine/runs/4547d1de99b8-1'
    """

    home: Path
    extra_roots: tuple[Path, ...] = ()
    """Folders that were allowed at a run's launch; its worker may read them whatever its own settings are."""

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace of ``HISTOSCOPE_HOME``, else the platform's.

        Raises:
            PathNotAllowedError: the path is not UTF-8, or names the home folder of an unknown user or a loop of links.
        """
        named = os.environ.get("HISTOSCOPE_HOME")
        return cls(_named("HISTOSCOPE_HOME", named or platformdirs.user_data_dir("histoscope", appauthor=False)))

    @property
    def database(self) -> Path:
        return self.home / "histoscope.sqlite"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def data(self) -> Path:
        """Return the folder of generated data (phantom) and converted copies."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def locks(self) -> Path:
        return self.home / "locks"

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of a run; a run id never contains a path separator.

        Raises:
            PathNotAllowedError: the id contains other characters than letters, digits and hyphens.
        """
        return self.runs / _plain_id(run_id, "a run")

    def experiment_folder(self, experiment_id: str) -> Path:
        """Return the folder of an experiment; a database from another machine may contain an id that leads elsewhere.

        Raises:
            PathNotAllowedError: the id contains other characters than letters, digits and hyphens.
        """
        return self.home / "experiments" / _plain_id(experiment_id, "an experiment")

    def test_score(self, experiment_id: str) -> Path:
        """Return the file that keeps the score of an experiment's test set, once there is one."""
        return self.experiment_folder(experiment_id) / "test.json"

    def allowing(self, config: RunConfig) -> Workspace:
        """Return this workspace with a run's own paths allowed too: they were allowed at its launch."""
        named = (config.data.root, config.model.weights)
        paths = (Path(name) for name in named if name is not None and Path(name).is_absolute())
        return replace(self, extra_roots=tuple(dict.fromkeys([*self.extra_roots, *paths])))

    def weight_folders(self) -> tuple[Path, ...]:
        """Return the folders to search for initial weights: the workspace's, then that of ``HISTOSCOPE_WEIGHTS``."""
        named = os.environ.get("HISTOSCOPE_WEIGHTS")
        return (self.home / "weights", *([_named("HISTOSCOPE_WEIGHTS", named)] if named else []))

    def data_roots(self) -> tuple[Path, ...]:
        """Return the resolved folders that may hold data.

        Raises:
            PathNotAllowedError: ``HISTOSCOPE_DATA_ROOTS`` is set and empty.
        """
        named = os.environ.get("HISTOSCOPE_DATA_ROOTS")
        if named is not None:
            if not named.replace(os.pathsep, "").strip():
                raise PathNotAllowedError(
                    "HISTOSCOPE_DATA_ROOTS is set and names no folder.",
                    f"Folders that data may be read from, joined by {os.pathsep!r}, are expected.",
                    "Name a folder, or unset it; to allow the workspace only, name the workspace.",
                )
            others = [_named("HISTOSCOPE_DATA_ROOTS", root) for root in named.split(os.pathsep) if root]
        else:
            beside = Path.cwd().resolve().parent
            others = [Path.home().resolve(), *([beside] if beside.parent != beside else [])]
        return tuple(dict.fromkeys([self.home, *others, *self.extra_roots, *self.weight_folders()[1:]]))

    def allowed(self, path: str | Path) -> Path:
        """Resolve a user's path; refuse one outside the data roots before it is touched.

        Symbolic links are followed first, so that a link inside a root cannot lead out of it.

        Raises:
            PathNotAllowedError: the path is empty, or lies outside every root.
            DataNotFoundError: the path does not exist or cannot be reached.
        """
        roots = self.data_roots()
        if not str(path).strip():  # `Path` would take an empty text for the working folder
            raise PathNotAllowedError(
                "The path is empty.", "The path of a file or folder is expected.", "Name the file or folder."
            )
        try:
            resolved = Path(path).expanduser().resolve()
        except (OSError, ValueError, RuntimeError) as error:  # an impossible name, an unknown user's home, a loop
            raise _not_reached(path, error) from None
        if not any(resolved.is_relative_to(root) for root in roots):
            raise PathNotAllowedError(
                f"{path} lies outside the folders that may be read.",
                f"Allowed: {', '.join(map(str, roots))}.",
                "Move the data there, or add the folder to HISTOSCOPE_DATA_ROOTS.",
            )
        try:
            resolved.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise DataNotFoundError(
                f"There is no {path}.", "An existing file or folder is expected.", "Check the path."
            ) from None
        except OSError as error:
            raise _not_reached(path, error) from None
        return resolved


def _named(variable: str, text: str) -> Path:
    """Return the resolved folder that a setting names; SQLite and Parquet open paths in UTF-8 only."""
    try:
        path = Path(text).expanduser().resolve()
        str(path).encode()
    except (OSError, ValueError, RuntimeError) as error:  # not UTF-8, an unknown user's home, a loop of links
        raise PathNotAllowedError(
            f"{variable} names {text!r}, which cannot be used: {error}.",
            "A path in UTF-8 is expected; ~ stands for your own home folder.",
            f"Correct {variable}.",
        ) from None
    return path


def is_plain_id(name: str) -> bool:
    """Return whether the id of a run or experiment may name a folder: it has letters, digits and hyphens only."""
    return name.replace("-", "").isalnum()


def _plain_id(name: str, kind: str) -> str:
    if not is_plain_id(name):
        raise PathNotAllowedError(
            f"{name!r} is not {kind} id.", "Letters, digits and hyphens are allowed.", "Check the link."
        )
    return name


def _not_reached(path: str | Path, error: Exception) -> DataNotFoundError:
    reason = error.strerror if isinstance(error, OSError) else error
    return DataNotFoundError(
        f"{str(path)!r} cannot be reached ({reason}).",
        "The path of a file or folder that may be read is expected.",
        "Check the path and its permissions.",
    )
