"""Draw a job: the button that starts it, its progress, or its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from histo_core.jobs.api import Job, cancel_job, find_job, job_id_of, start_job
from histo_core.jobs.kinds import JOBS
from histo_core.workspace import Workspace
from pages.shared.app.session import current_session
from pages.shared.components.errors import shown
from pages.shared.components.text import duration, plain, size

SECONDS = 1.0
"""Seconds between two updates of an active job."""
HEIGHT = 132
"""Pixels of the card in each state, so that the page below does not move."""
SURE_SECONDS = 3.0
"""Seconds of counting after which an estimate of the time left is shown."""


def job_card(
    kind: str,
    params: Mapping[str, Any],
    label: str,
    *,
    then: str = "",
    forget: Callable[[], object] = lambda: None,
    note: str = "",
    primary: bool = False,
) -> Job | None:
    """Draw the button that starts a job, or its progress with Cancel, or its error with Try again.

    While the job is active the card updates each second; when the job has ended the whole page is drawn again.

    Args:
        kind: a name of `histo_core.jobs.kinds.JOBS`.
        params: its parameters as plain values.
        label: of the button.
        then: a message for when the job has just succeeded, as plain text.
        forget: called when the job has just succeeded, before the page is drawn again, to clear outdated cache entries.
        note: what the job does and costs, as plain text, shown beside the button.
        primary: whether this is the page's main button.

    Returns:
        The job's newest state; None where it was never started.
    """
    workspace = current_session().workspace
    drawn = find_job(kind, params, workspace)
    active = drawn is not None and drawn.active
    key = job_id_of(kind, params)

    @st.fragment(run_every=SECONDS if active else None)
    @shown()
    def card() -> None:
        job = find_job(kind, params, workspace) if active else drawn
        if active and (job is None or not job.active):
            if job is not None and job.state == "succeeded":
                forget()
                if then:
                    st.toast(plain(then), icon=":material/check:")
            st.rerun()
        with st.container(border=True, height=HEIGHT, key=f"job.{key}"):
            if job is not None and job.active:
                _progress(job, workspace)
                return
            again = job is not None and (job.state == "failed" or job.interrupted)
            if job is not None and again:
                st.error(plain(job.error), icon=":material/error:")
            else:
                st.caption(plain(job.error if job is not None and job.error else note))
            if st.button(
                "Try again" if again else label, key=f"start.{key}", type="primary" if primary else "secondary"
            ):
                start_job(kind, params, workspace, user=current_session().user)
                st.rerun()

    card()
    return drawn


def _progress(job: Job, workspace: Workspace) -> None:
    st.progress(fraction(job), text=plain(f"{job.title}: {words(job)}"))
    if st.button(
        "Cancel",
        key=f"cancel.{job.job_id}",
        disabled=job.cancel_asked,
        help="It stops within seconds and leaves nothing half-made. It also goes on when this page is closed.",
    ):
        cancel_job(job.job_id, workspace, user=current_session().user)
        st.rerun()


def fraction(job: Job) -> float:
    """Return the share of the present count that is done, 0 to 1."""
    return min(max(job.done / job.total, 0.0), 1.0) if job.total else 0.0


def words(job: Job) -> str:
    """Describe an active job's progress: "3,210 of 10,000, about 40 s left"."""
    if job.cancel_asked:
        return "stopping"
    if job.state == "waiting":
        return "starting"
    if not job.total:
        return "reading the data"
    left = _seconds_left(job)
    count = size if JOBS[job.kind].in_bytes else "{:,}".format
    return f"{count(job.done)} of {count(job.total)}" + ("" if left is None else f", about {duration(left)} left")


def _seconds_left(job: Job) -> float | None:
    if job.counting_since is None or not job.done:
        return None
    gone = (datetime.now(UTC) - job.counting_since).total_seconds()
    return None if gone < SURE_SECONDS else gone * (job.total - job.done) / job.done
