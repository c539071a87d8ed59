"""An address below a page leads to the page; Streamlit's own files and probes are answered as before."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.shared.app.nested_addresses import NestedAddresses


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A server that answers each address with its path."""
    served = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse(request.url.path))])
    return TestClient(NestedAddresses(served), follow_redirects=False)


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/data/x", "/data"),
        ("/data/x/y?view=map&class=a%20b", "/data?view=map&class=a%20b"),
        ("//evil.example/x", "/evil.example"),
        ("/a%0d%0ab/x", "/a%0D%0Ab"),
    ],
)
def test_an_address_below_a_page_leads_to_the_page(client: TestClient, asked: str, page: str) -> None:
    answer = client.get(f"http://testserver{asked}")
    assert (answer.status_code, answer.headers["location"]) == (307, page)


@pytest.mark.parametrize("probe", ["health", "host-config"])
def test_the_probe_for_a_longer_base_path_neither_succeeds_nor_fails(client: TestClient, probe: str) -> None:
    answer = client.get(f"/compare/_stcore/{probe}")
    assert answer.status_code == 300
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/data", "/data/", "/_stcore/health", "/_stcore/host-config", "/static/js/x.js", "/media/x.png"]
)
def test_other_addresses_are_passed_on(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, path)
