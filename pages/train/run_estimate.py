"""Show the cost of runs before they are launched, measured in a job."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from histo_core.jobs.cost_estimate import load_estimate
from histo_core.runs.devices.devices import Device
from histo_core.studies.recipes import NamedConfig
from histo_core.training.dry_run_config import DryRun
from histo_core.workspace import Workspace
from pages.shared.components.job_card import job_card
from pages.shared.components.text import count, duration, plain, size


def draw(members: Sequence[NamedConfig], times: int, machine: Sequence[Device], workspace: Workspace) -> None:
    """Draw the measured cost, or the button that measures it.

    Args:
        members: the runs to launch.
        times: how often each of them is trained.
        machine: this machine's devices, to report busy devices and too little memory.
        workspace: stores the estimates.
    """
    known = {member.name: load_estimate(member.config, workspace) for member in members}
    measured = {name: trial for name, trial in known.items() if trial is not None}
    complete = len(measured) == len(known)
    if complete:
        _say(measured, times)
        _too_little(members, measured, machine)
    busy = any(device.busy_with for device in machine)
    job = job_card(
        "estimate",
        {"configs": [member.config.model_dump(mode="json") for member in members]},
        "Measure again" if complete else "Estimate time and memory",
        note=" ".join(
            (
                "Trains a few batches of each model in a process of its own.",
                "A device is busy, so that this is slower now than the runs will be." if busy else "",
            )
        ),
    )
    if job is not None and job.interrupted:
        smallest = max(member.config.train.batch_size for member in members) // 2
        st.caption(f"If memory ran out, try a batch size of {max(smallest, 1)}.")


def words(trial: DryRun) -> str:
    """Describe a cost: "About 40 s an epoch, 7 min in total, 1.2 GB of memory"."""
    each, total = duration(trial.seconds_between), duration(trial.seconds_total)
    return f"about {each} an epoch, {total} in total, {size(trial.peak_bytes)} of memory"


def _say(measured: dict[str, DryRun], times: int) -> None:
    if len(measured) == times == 1:
        (trial,) = measured.values()
        sentence = words(trial)
        st.markdown(f"**{plain(sentence[0].upper() + sentence[1:])}.**")
        return
    total = duration(times * sum(trial.seconds_total for trial in measured.values()))
    most = size(max(trial.peak_bytes for trial in measured.values()))
    all_of_them = count(times * len(measured), "run")
    st.markdown(f"**About {plain(total)} in total for {all_of_them}, one after the other; {plain(most)} at most.**")
    st.markdown("\n".join(f"- {plain(f'{name}: {words(trial)}')}" for name, trial in measured.items()))


def _too_little(members: Sequence[NamedConfig], measured: dict[str, DryRun], machine: Sequence[Device]) -> None:
    total = {device.name: device.memory_total for device in machine}
    for member in members:
        trial = measured[member.name]
        if trial.peak_bytes > total.get(trial.device, trial.peak_bytes):
            half = max(member.config.train.batch_size // 2, 1)
            said = f"{member.name} needs more memory than {trial.device} has, {size(total[trial.device])}."
            st.warning(plain(f"{said} Try a batch size of {half}."), icon=":material/memory:")
