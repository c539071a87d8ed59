"""A real server asked over raw sockets, as a browser that another site has turned against it would ask."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from histo_core.workspace import Workspace
from scripts.dashboard import served

PAGE, HEALTH, STREAM, METRICS = "/", "/_stcore/health", "/_stcore/stream", "/_stcore/metrics"
PATHS = [PAGE, HEALTH, "/_stcore/host-config", "/media/x.png", "/component/x", "/_stcore/bidi-components/x"]
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "streamlit",
}
OK, SWITCHED, BAD_REQUEST, FORBIDDEN, MISSING = 200, 101, 400, 403, 404


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of one server for all tests of this file; it knows one further origin."""
    allowed = "https://histoscope.example.org"
    with served(
        Workspace(tmp_path_factory.mktemp("origin") / "home"), STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS=allowed
    ) as address:
        yield urlsplit(address).port or 0


def asked(port: int, path: str, method: str = "GET", **headers: str | None) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer; a header that is None is not sent."""
    sent = {"Host": f"127.0.0.1:{port}", "Content-Length": "0"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value is not None)]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(4096)):
            answer += more
    first, *rest = answer.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    found = (line.partition(": ") for line in rest)
    return int(first.split()[1]), {name.lower(): value for name, _, value in found}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1@evil", None])
def test_a_host_that_the_server_does_not_know_gets_nothing(port: int, path: str, host: str | None) -> None:
    assert asked(port, path, Host=host)[0] == BAD_REQUEST


def test_a_refusal_has_the_safe_headers_too(port: int) -> None:
    assert asked(port, PAGE, Host="evil.example")[1]["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST:{}"])
def test_the_hosts_of_this_machine_are_known(port: int, host: str) -> None:
    assert asked(port, HEALTH, Host=host.format(port))[0] == OK
    assert asked(port, PAGE, Host=host.format(port))[0] == OK


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://127.0.0.1:1", "http://localhost:1", "http://localhost", "null", "file://",
     "http://127.0.0.1:{port}.evil.example", "https://histoscope.example.org:444", "http://[", "https://evil@127.0.0.1:{port}"],
)  # fmt: skip
def test_another_origin_is_refused_also_one_on_this_machine(port: int, origin: str) -> None:
    origin = origin.format(port=port)
    for path in (PAGE, HEALTH):
        status, headers = asked(port, path, Origin=origin)
        assert status == FORBIDDEN
        assert "access-control-allow-origin" not in headers
    assert asked(port, STREAM, **WEBSOCKET, Origin=origin)[0] == FORBIDDEN
    assert asked(port, "/_stcore/upload_file/a/b", "PUT", Origin=origin)[0] == FORBIDDEN


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1:{port}"}, SWITCHED),
        ({"Origin": "https://histoscope.example.org"}, SWITCHED),
        ({}, FORBIDDEN),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, FORBIDDEN),
        ({"Origin": "http://evil.example:{port}", "Host": "evil.example:{port}"}, FORBIDDEN),
    ],
)
def test_a_websocket_needs_an_origin_that_is_known(port: int, headers: dict[str, str], status: int) -> None:
    given = {name: value.format(port=port) for name, value in headers.items()}
    assert asked(port, STREAM, **WEBSOCKET, **given)[0] == status


@pytest.mark.parametrize("path", [METRICS, f"{METRICS}/", f"{METRICS}?families=x", "/%5fstcore/metrics"])
def test_there_are_no_metrics(port: int, path: str) -> None:
    assert asked(port, path)[0] == MISSING


def test_an_upload_needs_its_token(port: int) -> None:
    assert asked(port, "/_stcore/upload_file/a/b", "PUT", Origin=f"http://127.0.0.1:{port}")[0] == FORBIDDEN


@pytest.mark.parametrize("path", PATHS)
def test_no_other_page_may_read_or_embed_an_answer(port: int, path: str) -> None:
    _, headers = asked(port, path, Origin=f"http://127.0.0.1:{port}")
    assert "access-control-allow-origin" not in headers
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
