"""Define every error that Histoscope raises on purpose.

    HistoscopeError                 found, allowed, remedy: one sentence each
    ├── ConfigError                 an argument or configuration that is not allowed
    │   └── UnknownNameError        a name that no registry knows
    ├── AccessError                 what this user, or this server, may not touch
    │   ├── PermissionDeniedError   the user's role does not allow the action
    │   └── PathNotAllowedError     a path outside the allowed data folders
    ├── DataError                   a data set that cannot be used as it stands
    │   ├── DataNotFoundError       a file, folder or column that is not there
    │   ├── CorruptDataError        a file that cannot be read
    │   ├── UnsafeFileError         a file refused before it is read: links, size, type
    │   ├── BrokenFilesError        files of a data set that cannot be used, all of them named
    │   └── SplitError              a split that cannot be made or does not fit
    ├── MissingExtraError           a package that only a part of Histoscope needs is not installed
    ├── CancelledError              a long task that was asked to stop, and left nothing incomplete
    ├── CheckpointError             weights that are damaged or do not fit
    ├── RunError                    a run that is unknown or in the wrong state
    ├── StoreError                  the database cannot be opened or is too new
    │   └── ReadOnlyStoreError      the database can be read but not written
    ├── TrainingError               training cannot continue (a loss that is not a number)
    ├── ComparisonError             runs that must not be compared as they are
    └── ExplanationError            an explanation that cannot be made

A page or command shows ``str(error)``; it never shows a traceback for one of these.
"""

from __future__ import annotations

from collections.abc import Sequence

from histo_core.shown_text import count


class HistoscopeError(Exception):
    """An error with a message that a user can act on.

    Args:
        found: what was found, naming the argument or file and the value.
        allowed: what would have been accepted.
        remedy: what to do next.
    """

    def __init__(self, found: str, allowed: str = "", remedy: str = "") -> None:
        self.found, self.allowed, self.remedy = found, allowed, remedy
        super().__init__(found, allowed, remedy)

    def __str__(self) -> str:
        return " ".join(part for part in (self.found, self.allowed, self.remedy) if part)


class ConfigError(HistoscopeError):
    """An argument or configuration that is not allowed."""


class UnknownNameError(ConfigError):
    """A name that no registry knows."""


class AccessError(HistoscopeError):
    """Something this user, or this server, may not touch."""


class PermissionDeniedError(AccessError):
    """The user's role does not allow the action."""


class PathNotAllowedError(AccessError):
    """A path outside the allowed data folders."""


class DataError(HistoscopeError):
    """A data set that cannot be used as it stands."""


class DataNotFoundError(DataError):
    """A file, folder or column that is not there."""


class CorruptDataError(DataError):
    """A file that cannot be read."""


class UnsafeFileError(DataError):
    """A file refused before it is read."""


class SplitError(DataError):
    """A split that cannot be made or does not fit the data."""


class BrokenFilesError(DataError):
    """Samples of a data set that cannot be used; the message names the first of them.

    Attributes:
        problems: (sample or file, what is wrong with it) for each of them.
    """

    shown = 5

    def __init__(self, problems: Sequence[tuple[str, str]], remedy: str) -> None:
        self.problems = tuple(problems)
        named = "; ".join(f"{where}: {what}" for where, what in self.problems[: self.shown])
        more = len(self.problems) - self.shown
        samples = count(len(self.problems), "sample")
        super().__init__(f"{samples} cannot be used: {named}{f'; and {more:,} more' if more > 0 else ''}.", "", remedy)


class MissingExtraError(HistoscopeError, ImportError):
    """A package that only a part of Histoscope needs is not installed."""


class CancelledError(HistoscopeError):
    """A long task that was asked to stop; it left nothing incomplete."""


class CheckpointError(HistoscopeError):
    """Weights that are damaged or do not fit."""


class RunError(HistoscopeError):
    """A run that is unknown or in the wrong state."""


class StoreError(HistoscopeError):
    """A database that cannot be opened or is too new."""


class ReadOnlyStoreError(StoreError):
    """A database that can be read but not written."""


class TrainingError(HistoscopeError):
    """Training that cannot continue."""


class ComparisonError(HistoscopeError):
    """Runs that must not be compared as they are."""


class ExplanationError(HistoscopeError):
    """An explanation that cannot be made."""
