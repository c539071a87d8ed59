"""One experiment: what it found, its members as points with mean and interval, the table, and what can be done."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.final import TestScore, kept_score, why_not
from histo_core.experiments.jobs import job_params
from histo_core.experiments.launcher import cancel_experiment, get_experiment, resume_experiment
from histo_core.experiments.summary import MemberResult, Summary, summary
from histo_core.experiments.words import NAMES, verdict
from histo_core.plots.experiment import members_figure, sweep_figure
from histo_core.runs.jobs import find_job
from histo_core.runs.records import Run
from histo_core.workspace import Workspace
from pages.ui import cache, layout, navigation, runs, state
from pages.ui.errors import shown
from pages.ui.jobs import job_card
from pages.ui.text import count, plain

STATES = {"pruned": "given up: others did better", "deleted": "deleted"} | {
    status.value: words for status, (words, _) in runs.WORDS.items()
}


def draw(experiment_id: str) -> None:
    """Draw an experiment; it looks again every two seconds while something is active.

    Raises:
        RunError: there is none with this id.
    """
    workspace = Workspace.default()
    metric = state.choose(
        "Number",
        "metric",
        METRICS,
        format_func=lambda name: NAMES[name][0].upper() + NAMES[name][1:],
        widget=st.segmented_control,
        help="What the figure and the sentence are about.",
    )
    now = _summary(experiment_id, workspace)

    @st.fragment(run_every=runs.SECONDS if now.goes_on else None)
    @shown()
    def board() -> None:
        _board(_summary(experiment_id, workspace), metric, workspace)

    board()
    if now.experiment.protocol.driven and now.experiment.cancelled_at is None:
        _search(experiment_id, workspace)
    if now.experiment.keeps_test_back:
        _test(now, workspace)


def _summary(experiment_id: str, workspace: Workspace) -> Summary:
    home = str(workspace.home)
    return summary(
        get_experiment(experiment_id, workspace),
        workspace,
        scores_of=lambda run: cache.run_scores(run.run_id, str(run.ended_at), home, run),
    )


def _board(now: Summary, metric: str, workspace: Workspace) -> None:
    experiment = now.experiment
    st.subheader(plain(verdict(now, metric)), anchor=False)
    if experiment.cancelled_at is not None:
        st.info("This experiment was cancelled: no more of its runs are started.", icon=":material/info:")
    st.caption(plain(now.about))
    found = now.together.get(metric)
    if found is not None and found.interval.defined:
        st.caption(plain(f"Interval: {found.interval.method}. {found.interval.warning}"))
    elif found is not None:
        st.caption(plain(f"No interval yet: {found.interval.method}."))
    ended = sum(member.run is not None and not member.run.status.active for member in now.members)
    st.progress(ended / now.expected, text=f"{ended:,} of {count(now.expected, 'run')} ended")
    grid = layout.halves()
    with grid.cell():
        layout.figure(
            members_figure(now, metric), key="experiment.members", name=f"experiment-{experiment.experiment_id}"
        )
    if experiment.protocol.kind == "sweep":
        with grid.cell():
            layout.figure(sweep_figure(now, metric), key="experiment.sweep", name=f"sweep-{experiment.experiment_id}")
    st.dataframe(_table(now), hide_index=True, alt="Each run with its state and its numbers on validation and test.")
    with st.container(horizontal=True, vertical_alignment="center"):
        finished = [member.run.run_id for member in now.members if member.run is not None and member.scores is not None]
        if finished:
            navigation.link("compare", f"Compare {count(len(finished), 'run')}", runs=finished)
        navigation.link("train", "Watch the runs", watch=[member.run.run_id for member in now.members if member.run])
        layout.download_table(now.table(), f"experiment-{experiment.experiment_id}", "Download the table")
        if (
            now.goes_on
            and experiment.cancelled_at is None
            and st.button(
                "Cancel the experiment",
                key=f"cancel.{experiment.experiment_id}",
                help="Stops its runs at their next batch and starts no more. Runs that another experiment needs go on.",
            )
        ):
            cancel_experiment(experiment.experiment_id, workspace)
            st.rerun()
        if _resumable(now) and st.button(
            "Resume the experiment",
            key=f"resume.{experiment.experiment_id}",
            help="Goes on with its failed, cancelled and interrupted runs from their checkpoints, and with a sweep.",
        ):
            resume_experiment(experiment.experiment_id, workspace)
            st.rerun()


def _resumable(now: Summary) -> bool:
    stopped = any(
        member.run is not None and member.run.status.resumable and member.state != "pruned" for member in now.members
    )
    cancelled = now.experiment.cancelled_at is not None and now.finished < now.expected
    return now.active == 0 and now.experiment.test_touched_at is None and (stopped or cancelled)


def _table(now: Summary) -> pd.DataFrame:
    parts = ("valid",) if now.experiment.keeps_test_back else ("valid", "test")
    return pd.DataFrame([_row(member, now, parts) for member in now.members])


def _row(member: MemberResult, now: Summary, parts: tuple[str, ...]) -> dict[str, str]:
    row = {"Run": member.label + (" (best)" if member.position == now.best else ""), "State": _state(member)}
    for part in parts:
        scores = member.scores.scores.get(part) if member.scores else None
        for metric in METRICS:
            value = None if scores is None else getattr(scores, metric)
            row[f"{'Validation' if part == 'valid' else 'Test'} {NAMES[metric]}"] = (
                "" if value is None else f"{value:.3f}"
            )
    return row


def _state(member: MemberResult) -> str:
    run: Run | None = member.run
    if run is not None and run.status.active:
        return runs.line(run)
    return member.problem or STATES[member.state]


def _search(experiment_id: str, workspace: Workspace) -> None:
    """The process that follows a sweep, shown while it works or when it was broken off."""
    job = find_job("sweep", job_params(experiment_id), workspace)
    if job is None or job.state != "succeeded":
        job_card("sweep", job_params(experiment_id), "Go on with the sweep", note="It stopped before its last trial.")


def _test(now: Summary, workspace: Workspace) -> None:
    """The test part, which is scored once."""
    experiment = now.experiment
    st.subheader("Test part", anchor=False)
    kept = kept_score(experiment.experiment_id, workspace)
    if kept is not None:
        _score(kept, now)
        return
    if reason := why_not(now):
        st.caption(plain(f"Not yet: {reason}"))
        return
    best = now.members[now.best or 0]
    job = find_job("score_test", job_params(experiment.experiment_id), workspace)
    sure = st.checkbox(
        "I have chosen, and will not choose again after seeing this number",
        key=f"sure.{experiment.experiment_id}",
        value=experiment.test_touched_at is not None,
        help="A test part that is looked at more than once becomes a validation part.",
    )
    if sure or (job is not None and job.active):
        job_card(
            "score_test",
            job_params(experiment.experiment_id),
            "Score the test part once",
            note=f"Applies {best.label} to the test part and keeps the result. Nothing is trained.",
            then="The test part is scored.",
            primary=True,
        )


def _score(kept: TestScore, now: Summary) -> None:
    label = next((member.label for member in now.experiment.members if member.run_id == kept.run_id), kept.run_id)
    groups = f" of {count(kept.n_groups, 'patient or slide', 'patients or slides')}" if kept.n_groups else ""
    st.markdown(plain(f"{label} on {count(kept.n, 'patch', 'patches')}{groups}, scored once:"))
    layout.facts({NAMES[name][0].upper() + NAMES[name][1:]: str(kept.metrics[name]) for name in METRICS})
    warning = kept.metrics["auroc"].warning
    if warning:
        st.caption(plain(warning))
    layout.download(
        "Download the predictions",
        kept.predictions.read_bytes,
        f"test-predictions-{now.experiment.experiment_id}.parquet",
        "application/vnd.apache.parquet",
    )
