"""Fetching, against a server of our own on this machine that behaves badly on purpose."""

from __future__ import annotations

import fcntl
import hashlib
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from histo_core.data.fetch import http as module
from histo_core.data.fetch.http import Download, fetch
from histo_core.errors import CancelledError, ConfigError, CorruptDataError, DataError

CONTENT = np.random.default_rng(0).integers(0, 256, 3_000_000, dtype=np.uint8).tobytes()
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"


class Server(ThreadingHTTPServer):
    """Serves one file.

    ``cut_after`` bytes are sent by each connection, though more are promised; ``ranges`` says whether it resumes.
    """

    content = CONTENT
    cut_after: int | None = None
    ranges = True
    length: bool | str = True
    status = 200
    redirect: str | None = None
    shift = 0
    asked: list[str | None]

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are what is tested here."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", server.redirect or "")
            self.end_headers()
            return
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if server.ranges else 0
        if start >= len(server.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.content)}")
            self.end_headers()
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            place = f"bytes {start + server.shift}-{len(server.content) - 1}/{len(server.content)}"
            self.send_header("Content-Range", place)
        if server.length:
            self.send_header("Content-Length", str(len(body)) if server.length is True else server.length)
        self.end_headers()
        self.wfile.write(body[: server.cut_after])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def offered(server: Server, path: str = "file", checksum: str | None = MD5) -> Download:
    return Download("data.bin", f"http://127.0.0.1:{server.server_port}/{path}", checksum)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_it_arrives_whole_with_progress(server: Server, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    path = fetch(offered(server), tmp_path / "new", lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["data.bin"]
    assert (len(CONTENT), len(CONTENT)) in steps
    assert {total for _, total in steps} == {len(CONTENT)}


def test_a_file_that_fits_into_a_buffer_is_checked_whole(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TELL_SECONDS", float("inf"))
    server.content = CONTENT[:100]
    checksum = f"sha256:{hashlib.sha256(server.content).hexdigest()}"
    assert fetch(offered(server, checksum=checksum), tmp_path).read_bytes() == server.content


def test_what_is_there_is_checked_and_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(CONTENT)
    fetch(offered(server), tmp_path)
    assert server.asked == []
    (tmp_path / "data.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(CorruptDataError, match=r"not the file that was published.*Move .*data\.bin away"):
        fetch(offered(server), tmp_path)


def test_a_connection_that_is_cut_is_resumed(server: Server, tmp_path: Path) -> None:
    server.cut_after = 1_000_000
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000000-", "bytes=2000000-"]


def test_a_server_that_cannot_resume_is_asked_for_all_of_it(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1_500_000])
    steps: list[tuple[int, int]] = []
    assert fetch(offered(server), tmp_path, lambda *step: steps.append(step)).read_bytes() == CONTENT
    assert server.asked == ["bytes=1500000-"]
    assert steps[0][0] < 1_500_000


def test_a_server_that_cuts_and_cannot_resume_is_given_up(server: Server, tmp_path: Path) -> None:
    server.ranges, server.cut_after = False, 1_000_000
    with pytest.raises(DataError, match=r"could not be fetched: the connection was cut after 1,000,000 bytes.*kept"):
        fetch(offered(server), tmp_path)
    assert len(server.asked) == 6
    assert names(tmp_path) == ["data.bin.part"]


@pytest.mark.parametrize("length", [False, "abc", "-5", ""])
def test_a_server_that_says_no_length_is_believed_by_checksum(
    server: Server, tmp_path: Path, length: bool | str
) -> None:
    server.length = length
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT


def test_cancelling_keeps_what_has_arrived(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TELL_SECONDS", 0.0)

    def cancel(done: int, total: int) -> None:
        if done > 1_000_000:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        fetch(offered(server), tmp_path, cancel)
    assert names(tmp_path) == ["data.bin.part"]
    kept = (tmp_path / "data.bin.part").stat().st_size
    assert kept > 1_000_000
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert server.asked[1:] == [f"bytes={kept}-"]


def test_a_part_that_is_complete_already_is_only_checked(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_longer_than_the_file_is_begun_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(CONTENT + b"more")
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] is None


@pytest.mark.parametrize("prefix", [b"", CONTENT[:10]])
def test_wrong_bytes_are_refused_and_not_gone_on_from(server: Server, tmp_path: Path, prefix: bytes) -> None:
    server.content = CONTENT[:-1] + b"?"
    (tmp_path / "data.bin.part").write_bytes(prefix)
    with pytest.raises(CorruptDataError, match=r"its md5 is [0-9a-f]{32}, not [0-9a-f]{32}\. Fetch it again"):
        fetch(offered(server), tmp_path)
    assert names(tmp_path) == []


def test_sha256_and_no_checksum(server: Server, tmp_path: Path) -> None:
    sha256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    assert fetch(offered(server, checksum=sha256), tmp_path / "a").read_bytes() == CONTENT
    assert fetch(offered(server, checksum=None), tmp_path / "b").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, 6), (429, 6)])
def test_a_server_that_refuses(server: Server, tmp_path: Path, status: int, asked: int) -> None:
    server.status = status
    with pytest.raises(DataError, match=f"the server answered {status}.*by hand"):
        fetch(offered(server), tmp_path)
    assert len(server.asked) == asked


def test_another_part_than_was_asked_for_is_not_taken(server: Server, tmp_path: Path) -> None:
    server.shift = 5
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:100])
    with pytest.raises(DataError, match="another part than was asked for"):
        fetch(offered(server), tmp_path)


def test_redirects_are_followed_where_they_stay_safe(server: Server, tmp_path: Path) -> None:
    server.redirect = offered(server).url
    assert fetch(offered(server, "moved"), tmp_path).read_bytes() == CONTENT
    server.redirect = "http://example.org/file"
    with pytest.raises(ConfigError, match="Only https"):
        fetch(offered(server, "moved"), tmp_path / "other")


@pytest.mark.parametrize("url", ["http://example.org/file", "file:///etc/hostname", "ftp://127.0.0.1/file"])
def test_only_https_is_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="Only https"):
        fetch(Download("data.bin", url, None), tmp_path)


def test_a_server_that_goes_silent_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(module, "_TRIES", 2)
    quiet = threading.Event()
    monkeypatch.setattr(Handler, "do_GET", lambda self: quiet.wait(2))
    try:
        with pytest.raises(DataError, match="timed out"):
            fetch(offered(server), tmp_path)
    finally:
        quiet.set()


def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    with pytest.raises(DataError, match=r"could not be fetched: .*refused"):
        fetch(Download("data.bin", "http://127.0.0.1:9/file", MD5), tmp_path)


def test_two_processes_do_not_write_one_file(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "data.bin.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="by another process"):
            fetch(offered(server), tmp_path)


def test_a_process_that_opened_the_part_before_it_became_the_file_does_not_write_to_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = fcntl.flock

    def after_the_other(*arguments: object) -> None:
        (tmp_path / "data.bin.part").rename(tmp_path / "data.bin")
        (tmp_path / "data.bin").write_bytes(CONTENT)
        plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", after_the_other)
    with pytest.raises(DataError, match="by another process"):
        fetch(offered(server), tmp_path)
    monkeypatch.setattr(fcntl, "flock", plain)
    assert names(tmp_path) == ["data.bin"]
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_what_another_process_brought_meanwhile_is_taken(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = fcntl.flock

    def before_the_lock(*arguments: object) -> None:
        (tmp_path / "data.bin").write_bytes(CONTENT)
        plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", before_the_lock)
    assert fetch(offered(server), tmp_path).read_bytes() == CONTENT
    assert names(tmp_path) == ["data.bin"]
    assert server.asked == []


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1000))


def test_free_space_is_looked_at_first(server: Server, tmp_path: Path, full_disk: Callable) -> None:
    with pytest.raises(DataError, match=r"too little free space.*takes 3 MB more"):
        fetch(offered(server), tmp_path)


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match=r"data\.bin cannot be written"):
        fetch(offered(server), tmp_path / "file")
