"""Show one experiment: its result, its members as points with mean and interval, the table, and the actions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.about import NAMES
from histo_core.experiments.api import cancel_experiment, get_experiment, resume_experiment
from histo_core.experiments.edit import archive_experiment, delete_experiment, rename_experiment
from histo_core.experiments.job_kinds import job_params
from histo_core.experiments.narrative import verdict
from histo_core.experiments.remaining import seconds_left
from histo_core.experiments.results import MemberResult, Summary, summary
from histo_core.jobs.api import find_job
from histo_core.plots.experiment import members_figure, points_table, sweep_figure
from histo_core.runs.store.edit import NAME_LENGTH
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.experiments import failure_view, test_set_view
from pages.shared.app import navigation, url_state
from pages.shared.app.session import current_session
from pages.shared.cache import cache_runs, cache_studies
from pages.shared.components import keeping, layout, reported_view, run_card
from pages.shared.components.errors import shown
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, duration, plain

STATES = {"pruned": "given up: others did better", "deleted": "deleted", "refused": "not allowed"} | {
    status.value: words for status, (words, _) in run_card.WORDS.items()
}


def draw(experiment_id: str) -> None:
    """Draw an experiment; the view updates every two seconds while something is active.

    Raises:
        RunError: no experiment has this id.
    """
    workspace = current_session().workspace
    metric = url_state.choose(
        "Metric",
        "metric",
        METRICS,
        format_func=lambda name: NAMES[name][0].upper() + NAMES[name][1:],
        widget=st.segmented_control,
        help="What the figure and the sentence are about.",
    )
    run_card.watch(_summary(experiment_id, workspace).goes_on, lambda: _draw_summary(experiment_id, metric, workspace))


def _draw_summary(experiment_id: str, metric: str, workspace: Workspace) -> None:
    """Draw the present state of an experiment."""
    now = _summary(experiment_id, workspace)
    _board(now, metric, workspace)
    if now.experiment.protocol.driven and now.experiment.cancelled_at is None:
        _search(experiment_id, workspace)
    if now.experiment.keeps_test_back:
        test_set_view.draw(now, workspace)
    with shown():
        reported_view.draw(cache_studies.reported_for_experiment(now, workspace))
    _keeping(now, workspace)


def _summary(experiment_id: str, workspace: Workspace) -> Summary:
    return summary(
        get_experiment(experiment_id, workspace),
        workspace,
        scores_of=lambda run: cache_runs.run_scores(run.run_id, str(run.ended_at), workspace, run),
    )


def _board(now: Summary, metric: str, workspace: Workspace) -> None:
    experiment = now.experiment
    st.header(plain(verdict(now, metric)), anchor=False)
    failed = failure_view.draw(now)
    if experiment.cancelled_at is not None:
        st.info("This experiment was cancelled: no more of its runs are started.", icon=":material/info:")
    st.caption(plain(now.about))
    found = now.by_metric.get(metric)
    if found is not None and found.interval.defined:
        basis = f", from {now.basis}" if now.basis else ""
        st.caption(plain(f"Interval: {found.interval.method}{basis}. {found.interval.warning}"))
    elif found is not None:
        st.caption(plain(f"No interval yet: {found.interval.method}."))
    left = seconds_left(now, workspace)
    time = "" if left is None else f", about {duration(left)} left"
    st.progress(now.ended / max(now.expected, 1), text=f"{now.ended:,} of {count(now.expected, 'run')} ended{time}")
    name = experiment.experiment_id
    grid = layout.halves()
    with grid.cell():
        layout.figure(
            members_figure(now, metric),
            key="experiment.members",
            name=f"members-{name}",
            data=points_table(now, metric),
            title="none",
        )
    if experiment.protocol.kind == "sweep":
        with grid.cell():
            layout.figure(
                sweep_figure(now, metric),
                key="experiment.sweep",
                name=f"sweep-{name}",
                data=points_table(now, metric),
                title="above",
            )
    st.dataframe(_table(now), hide_index=True, alt="Each run with its state and its numbers on validation and test.")
    with st.container(horizontal=True, vertical_alignment="center"):
        finished = [member.run.run_id for member in now.members if member.run is not None and member.scores is not None]
        if finished:
            navigation.link("compare", f"Compare {count(len(finished), 'run')}", runs=finished)
        if not failed and not now.goes_on:
            failure_view.change_link(now)
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
            cancel_experiment(experiment.experiment_id, workspace, user=current_session().user)
            st.rerun()
        if _resumable(now) and st.button(
            "Resume the experiment",
            key=f"resume.{experiment.experiment_id}",
            help="Goes on with its failed, cancelled and interrupted runs from their checkpoints, and with a sweep.",
        ):
            resume_experiment(experiment.experiment_id, workspace, user=current_session().user)
            st.rerun()


def _resumable(now: Summary) -> bool:
    stopped = any(
        member.run is not None and member.run.status.resumable and member.state != "pruned" for member in now.members
    )
    cancelled = now.experiment.cancelled_at is not None and now.finished < now.expected
    return now.active == 0 and now.experiment.test_touched_at is None and (stopped or cancelled)


def _table(now: Summary) -> pd.DataFrame:
    split_sets = ("valid",) if now.experiment.keeps_test_back else ("valid", "test")
    return pd.DataFrame([_row(member, now, split_sets) for member in now.members])


def _row(member: MemberResult, now: Summary, split_sets: tuple[str, ...]) -> dict[str, str]:
    row = {"Run": member.label + (" (best)" if member.position == now.best else ""), "State": _state(member)}
    if any(one.why for one in now.members):
        row["Why"] = member.why
    for split_set in split_sets:
        scores = member.scores.scores.get(split_set) if member.scores else None
        for metric in METRICS:
            value = None if scores is None else getattr(scores, metric)
            row[f"{'Validation' if split_set == 'valid' else 'Test'} {NAMES[metric]}"] = (
                "" if value is None else f"{value:.3f}"
            )
    return row


def _state(member: MemberResult) -> str:
    run: Run | None = member.run
    if run is not None and run.status.active:
        return run_card.line(run)
    return STATES[member.state]


def _search(experiment_id: str, workspace: Workspace) -> None:
    """Show the process that runs a sweep, while it works or after it was interrupted."""
    job = find_job("sweep", job_params(experiment_id), workspace)
    if job is None or job.state != "succeeded":
        job_card("sweep", job_params(experiment_id), "Go on with the sweep", note="It stopped before its last trial.")


def _keeping(now: Summary, workspace: Workspace) -> None:
    """Draw the controls to rename and archive an experiment."""
    experiment = now.experiment
    one = experiment.experiment_id
    box = st.expander("Name, archive, delete", key=f"details.{one}", type="compact", on_change="rerun")
    if not box.open:
        return
    with box:
        with st.form(f"writing.{one}", border=False):
            name = st.text_input("Name", experiment.name, max_chars=NAME_LENGTH, key=f"name.{one}")
            if st.form_submit_button("Save", key=f"save.{one}"):
                with shown():
                    rename_experiment(one, name, workspace, user=current_session().user)
                    st.rerun()
        if not now.goes_on:
            keeping.buttons(
                one,
                archived=experiment.archived_at is not None,
                archive=lambda on: archive_experiment(one, workspace, on=on, user=current_session().user),
                delete=lambda: _delete(one, workspace),
                loss=lambda: (
                    f"{experiment.name}: the experiment and the score of its test set are forgotten. Its runs "
                    "stay, and so does the count of how often the test set was scored."
                ),
            )


def _delete(experiment_id: str, workspace: Workspace) -> None:
    delete_experiment(experiment_id, workspace, user=current_session().user)
    url_state.put("experiment", None)
