"""Where things are kept, and which folders may be read.

``HISTOSCOPE_HOME`` names the workspace (else the platform's own data folder). ``HISTOSCOPE_DATA_ROOTS`` (paths
joined by the platform's separator) names the folders under which data may lie; the workspace always counts. Without
the setting, as on one's own machine, so do the home folder and the folder that holds the one Histoscope was started
in, because data often lies beside a checkout.

``HISTOSCOPE_WEIGHTS`` names a folder of initial weights that is only read, so that several workspaces, or machines
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
    """The folders of one workspace; none is made before it is needed.

    Example:
        >>> from pathlib import Path
        >>> from histo_core import Workspace
        >>> workspace = Workspace(Path("/tmp/mine"))
        >>> str(workspace.run_folder("4547d1de99b8-1"))
        '/tmp/mine/runs/4547d1de99b8-1'
    """

    home: Path
    extra_roots: tuple[Path, ...] = ()
    """Folders that were allowed when a run was launched; its worker may read them whatever its own settings are."""

    @classmethod
    def default(cls) -> Workspace:
        """The workspace of ``HISTOSCOPE_HOME``, else of the platform.

        Raises:
            PathNotAllowedError: it names no path in UTF-8, a home folder of nobody or a link that leads to itself.
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
        """Made data (phantom) and converted copies."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def locks(self) -> Path:
        return self.home / "locks"

    def run_folder(self, run_id: str) -> Path:
        """The folder of a run; a run id never holds a path separator.

        Raises:
            PathNotAllowedError: it holds another sign than letters, digits and hyphens.
        """
        return self.runs / _plain_id(run_id, "a run")

    def experiment_folder(self, experiment_id: str) -> Path:
        """The folder of an experiment; a database that came from elsewhere may hold an id that leads out of it.

        Raises:
            PathNotAllowedError: it holds another sign than letters, digits and hyphens.
        """
        return self.home / "experiments" / _plain_id(experiment_id, "an experiment")

    def test_score(self, experiment_id: str) -> Path:
        """The file of an experiment that keeps the score of its test part, once there is one."""
        return self.experiment_folder(experiment_id) / "test.json"

    def allowing(self, config: RunConfig) -> Workspace:
        """The same, from which what a run names may be read, too: its launch allowed it, whatever settings are now."""
        named = (config.data.root, config.model.weights)
        paths = (Path(name) for name in named if name is not None and Path(name).is_absolute())
        return replace(self, extra_roots=tuple(dict.fromkeys([*self.extra_roots, *paths])))

    def weight_folders(self) -> tuple[Path, ...]:
        """Where files of initial weights are looked for: our own folder, then that of ``HISTOSCOPE_WEIGHTS``."""
        named = os.environ.get("HISTOSCOPE_WEIGHTS")
        return (self.home / "weights", *([_named("HISTOSCOPE_WEIGHTS", named)] if named else []))

    def data_roots(self) -> tuple[Path, ...]:
        """Folders under which data may lie, resolved.

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
        """Resolve a user's path, refusing one outside the data roots before it is touched.

        Symbolic links are followed first, so that a link inside a root cannot lead out of it.

        Raises:
            PathNotAllowedError: the path is empty, or lies outside every root.
            DataNotFoundError: nothing is there, or it cannot be reached.
        """
        roots = self.data_roots()
        if not str(path).strip():  # `Path` takes it for the folder that we happen to work in
            raise PathNotAllowedError(
                "The path is empty.", "The path of a file or folder is expected.", "Name the file or folder."
            )
        try:
            resolved = Path(path).expanduser().resolve()
        except (OSError, ValueError, RuntimeError) as error:  # a name that no path can have, nobody's home, a loop
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
    """The folder that a setting names, resolved; SQLite and Parquet open paths in UTF-8 only."""
    try:
        path = Path(text).expanduser().resolve()
        str(path).encode()
    except (OSError, ValueError, RuntimeError) as error:  # not UTF-8, nobody's home, a loop of links
        raise PathNotAllowedError(
            f"{variable} names {text!r}, which cannot be used: {error}.",
            "A path in UTF-8 is expected; ~ stands for your own home folder.",
            f"Correct {variable}.",
        ) from None
    return path


def is_plain_id(name: str) -> bool:
    """Whether an id of a run or an experiment may name a folder: it holds letters, digits and hyphens only."""
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
