"""Only regular files are opened, and only those as large as was said."""

from __future__ import annotations

import ast
import os
import socket
from pathlib import Path

import pytest

from histo_core.regular_files import check_regular, open_regular, parse_json, read_end, read_regular

PROJECT = Path(__file__).parents[2]

READERS = {"open", "read_text", "read_bytes", "memmap", "fromfile", "load_file", "safe_open"}
"""Calls that open a path by themselves."""
WRITES = set("wax+")
ALLOWED = {
    "histo_core/regular_files.py": "the door itself",
    "histo_core/limited_server.py": "the system's own file",
    "histo_core/runs/worker/process_identity.py": "the system's own files",
    "histo_core/runs/worker/suspended.py": "the system's own file",
    "histo_core/runs/devices/devices.py": "the system's own files",
    "histo_core/files.py": "syncs what was just written",
    "pages/shared/components/patch_viewer/mount.py": "the component's own scripts",
}
HANDED = {
    ("histo_core/data/formats/csv_table.py", "read_csv"),
    ("histo_core/data/formats/parquet_table.py", "read_parquet"),
    ("histo_core/data/formats/flat_array.py", "memmap"),
    ("histo_core/data/formats/gzip_file.py", "gzip.open"),
    ("histo_core/data/formats/tar_file.py", "gzip.open"),
    ("histo_core/data/formats/tar_file.py", "tarfile.open"),
    ("histo_core/maintenance/archive.py", "tarfile.open"),
    ("histo_core/data/formats/hdf5.py", "File"),
    ("histo_core/data/formats/tiff.py", "TiffFile"),
    ("histo_core/data/storage/memmap.py", "np.load"),
    ("histo_core/data/phantom/dataset.py", "np.load"),
    ("histo_core/data/formats/image_child.py", "np.load"),
    ("histo_core/prediction/resume.py", "np.load"),
    ("histo_core/auditing/embedding/layout.py", "np.load"),
    ("histo_core/auditing/embedding/principal_plane.py", "fromfile"),
    ("histo_core/data/export/formats.py", "File"),
    ("histo_core/models/weights/pretrained.py", "torch.load"),
}
"""Calls that were looked at: they get an open file or bytes, a path that was checked before, or one to write."""


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        owner = function.value.id if isinstance(function.value, ast.Name) else ""
        if (owner, function.attr) in {("gzip", "open"), ("tarfile", "open"), ("np", "load"), ("torch", "load")}:
            return f"{owner}.{function.attr}"
        if owner == "os" and function.attr == "open":
            return "os.open"
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _writes(call: ast.Call) -> bool:
    texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(set(text) & WRITES and len(text) <= 3 for text in texts)


def _is_ours(call: ast.Call) -> bool:
    """Whether ``X.open(...)`` is a data set's or the store's, or a server's reply, which open no path."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "open":
        return False
    return (isinstance(function.value, ast.Name) and function.value.id in {"Store", "kind", "box"}) or (
        isinstance(function.value, ast.Call)
        and isinstance(function.value.func, ast.Attribute)
        and function.value.func.attr == "build_opener"
    )


OPENING = READERS | {
    *("os.open", "gzip.open", "tarfile.open", "np.load", "torch.load", "File", "TiffFile"),
    *("read_csv", "read_parquet", "read_table"),
}


def offences(source: str, place: str) -> list[str]:
    """The calls of a module that open a path to read it, other than through the door."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or _name(call) not in OPENING or place in ALLOWED:
            continue
        own = isinstance(call.func, ast.Name) and _name(call) in {"read_csv", "read_parquet"}  # our own, by name
        if not own and not _writes(call) and not _is_ours(call) and (place, _name(call)) not in HANDED:
            found.append(f"{place}:{call.lineno} {_name(call)}")
    return found


def test_users_files_are_opened_through_one_door() -> None:
    files = [*PROJECT.glob("histo_core/**/*.py"), *PROJECT.glob("pages/**/*.py"), PROJECT / "app.py"]
    found = [one for path in files for one in offences(path.read_text(), path.relative_to(PROJECT).as_posix())]
    assert not found, "open these through histo_core.regular_files: " + ", ".join(found)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "open(path)",
            "path.open('rb')",
            "path.read_text()",
            "path.read_bytes()",
            "np.load(path)",
            "os.open(path, 0)",
        ),
        *("h5py.File(path)", "pd.read_csv(path)", "pd.read_parquet(path)", "tarfile.open(path)", "gzip.open(path)"),
    ],
)
def test_a_call_that_opens_a_path_by_itself_is_found(line: str) -> None:
    assert offences(line, "histo_core/new.py")


@pytest.mark.parametrize(
    "line", ["path.open('wb')", "Store.open(workspace)", "open_regular(path)", "read_csv(path, ())"]
)
def test_other_calls_are_left_alone(line: str) -> None:
    assert not offences(line, "histo_core/new.py")


def _special(folder: Path, kind: str) -> Path:
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return path


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder"])
def test_what_is_no_regular_file_is_refused_at_once_and_in_words(tmp_path: Path, kind: str) -> None:
    path = _special(tmp_path, kind)
    for door in (check_regular, open_regular, lambda path: read_regular(path, 10)):
        with pytest.raises(OSError, match=f"it is a .*{kind}.*no regular file"):
            door(path)


def test_a_pipe_that_takes_a_files_place_after_the_look_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr("histo_core.regular_files.check_regular", lambda *given, **named: 0)
    with pytest.raises(OSError, match="named pipe"):
        open_regular(tmp_path / "pipe")


def test_a_file_has_its_bound_before_it_is_read_and_while_it_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with open_regular(path, 5) as file:
        assert file.read() == b"12345"
    with pytest.raises(OSError, match="it has 5 bytes, and at most 4 are read"):
        read_regular(path, 4)
    sizes = iter([b"12345x", b"y" * 50, b""])
    monkeypatch.setattr("histo_core.regular_files.os.read", lambda descriptor, size: next(sizes))
    with pytest.raises(OSError, match="at most 10 are read"):
        read_regular(path, 10)


def test_the_end_of_a_log_is_read_and_never_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("first\nlast\n")
    assert read_end(tmp_path / "log.txt", 5) == b"last\n"
    (tmp_path / "link").symlink_to(tmp_path / "log.txt")
    with pytest.raises(OSError, match="it is a link"):
        read_end(tmp_path / "link", 5)


def test_json_that_is_nested_deep_is_a_value_error() -> None:
    assert parse_json('{"a": [1]}') == {"a": [1]}
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json("[" * 100_000)
