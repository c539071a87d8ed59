"""Download large files: resumed after an interruption, verified by checksum, complete or absent.

Received bytes are kept in ``<name>.part`` beside the target. The next attempt resumes from there, so that a lost
connection, a cancelled job or a restart loses nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlparse

from histo_core.data.storage.single_process import exclusive
from histo_core.disk_errors import advice
from histo_core.errors import ConfigError, CorruptDataError, DataError
from histo_core.progress import Progress, silent
from histo_core.regular_files import open_regular

_TIMEOUT_SECONDS = 30
_TRIES = 6
"""Attempts in a row that receive no byte; an attempt that receives some restarts the count."""
_PAUSE_SECONDS = 1.0
_TELL_SECONDS = 0.2
_BLOCK = 1 << 20
_LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Download:
    """A published file to download.

    Attributes:
        name: local file name.
        url: its address; https, unless it is on this machine.
        checksum: "md5:" or "sha256:" and hexadecimal digits as published; None where the publisher gives none, so that
            only the archive's own checksums can be compared.
        bytes: approximate size, for a progress bar before the server reports it; None where not known.
    """

    name: str
    url: str
    checksum: str | None
    bytes: int | None = None


def fetch(download: Download, folder: Path, progress: Progress = silent) -> Path:
    """Download a file; if it exists, it is only checked.

    Args:
        download: the published file.
        folder: where to put it; created if missing.
        progress: receives (bytes so far, total); then again from 0 while the checksum is computed.

    Returns:
        The path of the file, whose checksum is the published one.

    Raises:
        CorruptDataError: the received or existing file is not the published one.
        DataError: it cannot be downloaded (no network, refused, full disk), or another process downloads it.
        CancelledError: ``progress`` requested it; received bytes are kept for the next attempt.
    """
    target, part = folder / download.name, folder / f"{download.name}.part"
    try:
        if not target.exists():
            with exclusive(part, f"{download.name} is being fetched") as out:
                if not target.exists():
                    _bring(out, part, download, progress)
                    part.rename(target)
                    return target
                part.unlink()  # another process has just downloaded it
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}.",
            "A folder with room that may be written to is expected.",
            f"{advice(error)}, or name another folder; what has arrived is kept.",
        ) from error
    _check(target, download, progress, f"Move {target} away and fetch it again.")
    return target


def _bring(out: IO[bytes], part: Path, download: Download, progress: Progress) -> None:
    """Download the whole file into ``part``, which is open as ``out``, and compare its checksum."""
    _fill(out, download, progress)
    out.flush()
    os.fsync(out.fileno())
    try:
        _check(part, download, progress, "Fetch it again; if that fails, the publisher has changed the file.")
    except CorruptDataError:
        part.unlink()  # resuming from wrong bytes would fail every time
        raise


def _fill(out: IO[bytes], download: Download, progress: Progress) -> None:
    """Append the missing bytes, over as many connections as needed."""
    tries = 0
    while True:
        before = out.tell()
        try:
            if _append(out, download, progress):
                return
            reason = f"the connection was cut after {out.tell():,} bytes"
        except HTTPError as error:
            error.close()
            reason = f"the server answered {error.code} {error.reason}"
            if 400 <= error.code < 500 and error.code not in (408, 429):  # another attempt would fail the same way
                raise _not_fetched(download, reason) from None
        except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(error.reason if isinstance(error, URLError) else error) or type(error).__name__
        tries = tries + 1 if out.tell() <= before else 1
        if tries >= _TRIES:
            raise _not_fetched(download, reason)
        log.info("Fetching %s again: %s", download.url, reason)
        time.sleep(_PAUSE_SECONDS * tries)


def _append(out: IO[bytes], download: Download, progress: Progress) -> bool:
    """Write what one connection receives; return whether the file is complete according to the server."""
    start = out.tell()
    try:
        reply = _open(download.url, start)
    except HTTPError as error:
        if error.code != 416:
            raise
        error.close()
        if error.headers.get("Content-Range") == f"bytes */{start}":
            return True
        out.seek(out.truncate(0))  # longer than the server's file: start again
        return False
    with reply:
        if reply.status != 206:  # the server sends the whole file although a range was requested
            out.seek(out.truncate(0))
        start = out.tell()
        length = reply.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        _check_room(Path(out.name).parent, download, (total or start) - start)
        told = 0.0
        while block := _read(reply):
            out.write(block)
            if time.monotonic() - told > _TELL_SECONDS:
                out.flush()
                progress(out.tell(), total or max(download.bytes or 0, out.tell()))
                told = time.monotonic()
    progress(out.tell(), total or out.tell())
    return total is None or out.tell() >= total


def _open(url: str, start: int) -> HTTPResponse:
    """Open a connection that sends the file from byte ``start`` (status 206), or all of it."""
    request = urllib.request.Request(_checked_url(url), headers={"User-Agent": "histoscope"})  # noqa: S310 (checked)
    if start:
        request.add_header("Range", f"bytes={start}-")
    reply = urllib.request.build_opener(_SafeRedirects).open(request, timeout=_TIMEOUT_SECONDS)
    if reply.status == 206 and not reply.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        reply.close()
        raise ConnectionError("the server sent another part than was asked for")
    return reply


def _read(reply: HTTPResponse) -> bytes:
    try:
        return reply.read1(_BLOCK)
    except OSError as error:  # of the network, not of the disk
        raise ConnectionError(str(error)) from error


def _check_room(folder: Path, download: Download, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise DataError(
            f"{folder} has too little free space.",
            f"{download.name} takes {needed / 1e6:,.0f} MB more.",
            "Make room, or choose another folder.",
        )


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Redirect handler that follows only redirects that stay encrypted."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        return super().redirect_request(req, fp, code, msg, headers, _checked_url(newurl))


def _checked_url(url: str) -> str:
    parts = urlparse(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS):
        raise ConfigError(f"{url} is not fetched.", "Only https addresses are.", "Fetch it by hand and put it there.")
    return url


def differs(path: Path, checksum: str, progress: Progress = silent) -> str:
    """Describe in a clause how a file differs from the published one; "" where it does not.

    Args:
        path: the file.
        checksum: as in `Download`.
        progress: receives (bytes read, total).
    """
    method, _, digits = checksum.partition(":")
    digest, done, total = hashlib.new(method, usedforsecurity=False), 0, path.stat().st_size
    with open_regular(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            progress(done, total)
    return "" if digest.hexdigest() == digits else f"its {method} is {digest.hexdigest()}, not {digits}"


def _check(path: Path, download: Download, progress: Progress, remedy: str) -> None:
    difference = differs(path, download.checksum, progress) if download.checksum is not None else ""
    if difference:
        raise CorruptDataError(f"{download.name} is not the file that was published: {difference}.", "", remedy)


def _not_fetched(download: Download, reason: str) -> DataError:
    return DataError(
        f"{download.url} could not be fetched: {reason}.",
        "A connection to the publisher's server is needed.",
        "Try again, what has arrived is kept; or fetch it by hand and put it in the folder.",
    )
