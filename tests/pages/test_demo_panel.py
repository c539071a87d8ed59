"""Home while the demo is made, and after: its steps, its first map, Cancel, and why it stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from page_helpers import OpenPage, newest, press, texts
from PIL import Image
from streamlit.testing.v1 import AppTest
from wiring_queue import Call

from histo_core.demo.kind import KIND
from histo_core.demo.record import DemoRecord, FirstMap, map_file, write_record
from histo_core.files import write_atomically
from histo_core.jobs.api import Job, job_id_of
from histo_core.jobs.state import JobFolder, JobState
from histo_core.runs.worker.steady_clock import Moment
from histo_core.workspace import Workspace
from pages.home import page as home_page

JOB_ID = job_id_of(KIND, {})
DONE, NOW = ":material/check_circle:", ":material/pending:"

Put = Callable[..., None]


@pytest.fixture
def put() -> Put:
    """Write the demo's job in a state."""

    def write(workspace: Workspace, state: JobState, error: str = "", done: int = 0, total: int = 0) -> None:
        now = datetime.now(UTC)
        job = Job(
            job_id=JOB_ID, kind=KIND, title="Demo", params={}, state=state, asked_at=now, asked=Moment.now(),
            error=error, done=done, total=total,
        )  # fmt: skip
        JobFolder(JOB_ID, workspace).write(job)

    return write


@pytest.fixture
def made(finished: Workspace) -> Iterator[Workspace]:
    """A demo that has trained one of two networks, and made its map."""
    run = newest(finished)
    first = FirstMap(
        run_id=run.run_id, sample_id="P001-S1-000003", target="tumour", probability=0.87, label="normal", words="Left."
    )
    write_record(DemoRecord(patches=120, run_ids=(run.run_id, "gone-1"), audited=True, first_map=first), finished)
    picture = BytesIO()
    Image.new("RGB", (40, 30), "pink").save(picture, "PNG")
    write_atomically(map_file(finished), picture.getvalue())
    yield finished
    shutil.rmtree(map_file(finished).parent)  # other tests share this workspace
    shutil.rmtree(JobFolder(JOB_ID, finished).path)


def _links(page: AppTest) -> dict[str, str]:
    return {link.label: link.proto.query_string for link in page.get("page_link")}


def test_while_it_draws_home_shows_how_far_it_is(workspace: Workspace, open_page: OpenPage, put: Put) -> None:
    put(workspace, "waiting", done=640, total=3000)
    page = open_page("home")
    assert not page.exception
    said = texts(page)
    assert "The demo is being made" in said.replace("\\", "")
    assert f"{NOW}] Draw 3,000 patches of phantom tissue: 640 done" in said
    assert "Train the networks" in said
    assert [bar.proto.value for bar in page.get("progress")] == [21]
    assert [button.label for button in page.button] == ["Cancel the demo"], "it cannot be started twice"


def test_cancel_stops_the_demo(workspace: Workspace, open_page: OpenPage, put: Put, calls: list[Call]) -> None:
    put(workspace, "waiting")
    press(open_page("home"), "Cancel the demo")
    assert calls == [("cancel_job", (JOB_ID,), {})]


def test_the_first_map_is_shown_while_others_train(made: Workspace, open_page: OpenPage, put: Put) -> None:
    put(made, "waiting", done=1, total=2)
    page = open_page("home")
    said = texts(page)
    assert f"{DONE}] Draw 120 patches of phantom tissue" in said
    assert f"{NOW}] Train 2 networks: 1 done" in said
    assert f"{DONE}] Map what the first network looked at" in said
    assert "says tumour (87%), but the patch is labelled normal." in said.replace("\\", "")
    assert len(page.image) == 1
    assert _links(page)["Look closer"] == f"run={newest(made).run_id}&patch=P001-S1-000003"


def test_the_panel_goes_once_there_are_other_runs(made: Workspace, open_page: OpenPage, put: Put) -> None:
    put(made, "succeeded")
    page = open_page("home")
    assert "Train 2 networks" not in texts(page)
    assert "Start the demo" in [button.label for button in page.button]


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("failed", "The disk is full.", "The disk is full."),
        ("cancelled", "It was stopped on request.", "The demo was not finished. It was stopped on request."),
    ],
)
def test_a_demo_that_stopped_says_why_and_can_be_started_again(
    state: JobState, error: str, said: str, workspace: Workspace, open_page: OpenPage, put: Put
) -> None:
    put(workspace, state, error)
    page = open_page("home")
    assert said in texts(page).replace("\\", "")
    assert [button.label for button in page.button] == ["Start the demo", "Add data"]


def test_the_demos_state_is_read_once_a_render(
    made: Workspace, put: Put, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(made, "waiting")
    reads: list[Workspace] = []
    real = home_page.demo_state
    monkeypatch.setattr(
        home_page, "demo_state", lambda store, workspace: reads.append(workspace) or real(store, workspace)
    )
    page = open_page("home")
    assert "Demo" in [one.value for one in page.header]
    assert len(reads) == 1
