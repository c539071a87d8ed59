"""A disk that refuses at one chosen write call, in a process of its own for each.

What counts as a write call, of files below one folder: opening for writing, each write, flush and truncation, fsync,
rename, making a folder, a Parquet file, and of SQLite each statement that changes rows, each commit and each backup.
Half of what a refused write was given has reached the file, as on a real disk.

This file is also the server that starts those processes: it has loaded everything, and splits in two for each.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import select
import sqlite3
import subprocess
import sys
import tarfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from histo_core.runs.worker.command import child_environment
from histo_core.workspace import Workspace

_SQLITE = {
    errno.ENOSPC: ("database or disk is full", sqlite3.SQLITE_FULL),
    errno.EDQUOT: ("disk I/O error", sqlite3.SQLITE_IOERR_WRITE),
    errno.EIO: ("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC),
}
"""What SQLite makes of the system's codes."""
_CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER")


@dataclass(frozen=True)
class Outcome:
    """How an operation ended.

    Attributes:
        calls: write calls that it made, those after a refusal included.
        kind: name of the error's class; empty where there was none.
        message: what a user is told.
        trace: of an error that nobody put into words; empty else.
    """

    calls: int
    kind: str = ""
    message: str = ""
    trace: str = ""


class Disk:
    """Counts write calls below a folder, and refuses from the ``at``-th on (counted from 1; 0 for none).

    Args:
        root: where calls count.
        at: which is refused.
        code: the system's error code.
        once: whether only that one is refused, as by a broken sector, and not all that follow, as by a full disk.
    """

    def __init__(self, root: Path, at: int, code: int, *, once: bool) -> None:
        self.root, self.at, self.code, self.once, self.calls = str(root), at, code, once, 0

    def refuses(self) -> bool:
        """Count a call; whether it is refused."""
        self.calls += 1
        return bool(self.at) and (self.calls == self.at if self.once else self.calls >= self.at)

    def check(self, path: object) -> None:
        """Count a call on a path, and refuse it."""
        if self.holds(path) and self.refuses():
            raise self.error(path)

    def error(self, path: object) -> OSError:
        return OSError(self.code, os.strerror(self.code), str(path))

    def holds(self, path: object) -> bool:
        if isinstance(path, int):
            path = Path(f"/proc/self/fd/{path}").readlink()
        return isinstance(path, str | Path) and os.path.abspath(path).startswith(f"{self.root}/")  # noqa: PTH100

    def insert(self) -> None:
        """Stand between this process and its disk from now on."""
        self._insert_files()
        self._insert_tables()
        self._insert_sqlite()

    def _insert_files(self) -> None:
        plain = io.open

        def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            writes = any(letter in mode for letter in "wax+")
            if not (writes and self.holds(file)):
                return plain(file, mode, *given, **named)
            self.check(file)
            return _File(plain(file, mode, *given, **named), self, file)

        io.open = builtins.open = tarfile.bltn_open = opened  # the last keeps the plain one for itself
        for name in ("fsync", "mkdir", "replace", "rename"):
            setattr(os, name, self._checked(getattr(os, name)))
        plain_open = os.open

        def os_open(path: Any, flags: int, *given: Any, **named: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.check(path)
            return plain_open(path, flags, *given, **named)

        os.open = os_open

    def _checked(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def called(path: Any, *given: Any, **named: Any) -> Any:
            self.check(path)
            return plain(path, *given, **named)

        return called

    def _insert_tables(self) -> None:
        import pandas as pd

        plain = pd.DataFrame.to_parquet

        def to_parquet(table: pd.DataFrame, path: Any = None, *given: Any, **named: Any) -> Any:
            made = plain(table, path, *given, **named)
            if self.holds(path) and self.refuses():
                os.truncate(path, Path(path).stat().st_size // 2)
                raise self.error(path)
            return made

        pd.DataFrame.to_parquet = to_parquet

    def _insert_sqlite(self) -> None:
        disk = self

        def check(path: object) -> None:
            if disk.holds(path) and disk.refuses():
                words, code = _SQLITE[disk.code]
                error = sqlite3.OperationalError(words)
                error.sqlite_errorcode = code
                raise error

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *given: Any) -> Any:
                if sql.lstrip().upper().startswith(_CHANGES):
                    check(self.connection.path)
                return super().execute(sql, *given)

        class Connection(sqlite3.Connection):
            def __init__(self, path: Any, *given: Any, **named: Any) -> None:
                super().__init__(path, *given, **named)
                self.path = str(path)

            def cursor(self, *_: Any) -> Any:
                return super().cursor(Cursor)

            def commit(self) -> None:
                if self.in_transaction:
                    check(self.path)
                super().commit()

            def backup(self, target: Any, **named: Any) -> None:
                check(self.path)
                super().backup(target, **named)

        plain = sqlite3.connect

        def connect(*given: Any, **named: Any) -> Any:
            return plain(*given, **{"factory": Connection, **named})

        sqlite3.connect = sqlite3.dbapi2.connect = connect


class _File:
    """An open file whose writes are counted."""

    def __init__(self, file: Any, disk: Disk, path: Any) -> None:
        self._file, self._disk, self._path = file, disk, path

    def write(self, content: Any) -> int:
        if self._disk.refuses():
            self._file.write(content[: len(content) // 2])
            raise self._disk.error(self._path)
        return self._file.write(content)

    def flush(self) -> None:
        if self._disk.refuses():
            raise self._disk.error(self._path)
        self._file.flush()

    def truncate(self, *given: Any) -> int:
        if self._disk.refuses():
            raise self._disk.error(self._path)
        return self._file.truncate(*given)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Any:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class FailingDisk:
    """The server, as a test sees it."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=child_environment(Workspace.default()) | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        )
        self._answer()

    def __enter__(self) -> FailingDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()

    def carry_out(
        self, operation: str, root: Path, at: int, code: int = errno.ENOSPC, *, once: bool = False
    ) -> Outcome:
        """Carry out one of `operations.OPERATIONS` below a folder that holds ``home``, with a disk that refuses."""
        if self._server.stdin is None:
            raise RuntimeError("The server has no input.")
        asked = {"operation": operation, "root": str(root), "at": at, "code": code, "once": once}
        self._server.stdin.write(f"{json.dumps(asked)}\n".encode())
        return Outcome(**json.loads(self._answer()))

    def _answer(self) -> bytes:
        ready, _, _ = select.select([self._server.stdout], [], [], 300)
        line = self._server.stdout.readline() if ready and self._server.stdout else b""
        if not line:
            raise RuntimeError("The server is gone, or an operation does not end.")
        return line


def _serve() -> None:
    import operations

    operations.load_all()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            try:
                outcome = _in_child(operations.OPERATIONS[asked.pop("operation")], **asked)
                os.write(writes, json.dumps(asdict(outcome)).encode())
            finally:
                os._exit(0)
        os.close(writes)
        with os.fdopen(reads, "rb") as answer:
            told = answer.read()
        os.waitpid(child, 0)
        print(told.decode().replace("\n", " "), flush=True)


def _in_child(operation: Callable[[Path], str], root: str, at: int, code: int, once: bool) -> Outcome:
    from histo_core.disk_errors import advice
    from histo_core.errors import HistoscopeError
    from histo_core.private_files import make_private

    make_private()
    log = os.open(f"{root}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["HISTOSCOPE_HOME"] = f"{root}/home"
    disk = Disk(Path(root), at, code, once=once)
    disk.insert()
    kind = message = trace = ""
    try:
        message = operation(Path(root))
        kind = "told" if message else ""
    except HistoscopeError as error:
        kind, message = type(error).__name__, str(error)
    except OSError as error:  # the command line and the pages put these into the same words
        kind, message = type(error).__name__, f"{error.filename}: {error.strerror}. {advice(error)}."
    except BaseException as error:
        kind, message, trace = type(error).__name__, str(error), traceback.format_exc()
    return Outcome(disk.calls, kind, message, trace)


if __name__ == "__main__":
    _serve()
