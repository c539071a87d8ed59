"""Draw the form of a protocol: one run, folds, repeats or a sweep. Its result goes to `start_experiment`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import streamlit as st

from histo_core.config import RunConfig, parse_config
from histo_core.config.protocol import Metric, ProtocolConfig
from pages.shared.components.text import count, plain
from pages.train import experiment_fields

KINDS = {"single": "Single run", "folds": "Folds", "repeats": "Repeats", "sweep": "Sweep"}
NEW = {"seeds": "new seed: weights and order", "splits": "new split: other patches held out"}
SAMPLERS = {"grid": "every combination", "random": "random ones", "tpe": "what looks best so far (TPE)"}
METRICS = {
    "valid_auroc": "validation AUROC",
    "valid_loss": "validation loss",
    "valid_accuracy": "validation accuracy",
    "valid_weighted_f1": "validation weighted F1",
}
FIRST = ("train.learning_rate",)
_OWN = "own settings"
_SINGLE = ProtocolConfig()
_FOLDS, _REPEATS = ProtocolConfig(kind="folds", folds=5), ProtocolConfig(kind="repeats", repeats=5)
"""Initial values of the form where the recipe has none."""

Sweeps = Mapping[str, ProtocolConfig]
"""A recipe's sweeps by title."""


def draw(base: RunConfig, sweeps: Sweeps | None, prefix: str, start: ProtocolConfig = _SINGLE) -> ProtocolConfig:
    """Draw the form and return its protocol.

    Args:
        base: the configuration that the runs have in common; determines the settings.
        sweeps: those of the preset's recipe, offered by name.
        start: initial values: the recipe's own protocol, an experiment's, or what was chosen before.
        prefix: of the widget keys.

    Raises:
        ConfigError: the form's protocol cannot be carried out; the message says why.
    """
    kind = st.segmented_control(
        "Protocol",
        list(KINDS),
        default=start.kind,
        format_func=KINDS.__getitem__,
        key=f"{prefix}.kind",
        required=True,
        help="How many runs answer the question. All of one protocol are shown together, with mean and interval.",
    )
    drawn: Mapping[str, Callable[[], dict[str, Any]]] = {
        "single": dict,
        "folds": lambda: _folds(base, prefix, start),
        "repeats": lambda: _repeats(prefix, start),
        "sweep": lambda: _sweep(base, sweeps, prefix, start),
    }
    protocol = parse_config(ProtocolConfig, {"kind": kind, **drawn[kind]()})
    if protocol.kind != "single":
        st.caption(f"{count(protocol.size, 'run')} for each model.")
    return protocol


def _folds(base: RunConfig, prefix: str, start: ProtocolConfig) -> dict[str, Any]:
    own = start if start.kind == "folds" else _FOLDS
    left, right = st.columns(2)
    folds = left.number_input(
        "Folds", 2, 100, own.folds or 5, key=f"{prefix}.folds", help="k of k-fold cross-validation."
    )
    repeats = right.number_input(
        "Divide them",
        1,
        100,
        own.repeats,
        key=f"{prefix}.deals",
        help="How often the folds are divided anew, with another seed.",
    )
    st.caption(
        f"Folds serve to choose, by {METRICS[own.metric]}; the test set is held out of all of them and scored once at "
        "the end."
        if base.split.hold_out
        else "Each fold is the test set of one run; patients stay together where they are known. To keep a test set "
        "back for the end, hold one out in the settings of the split."
    )
    return {"folds": int(folds), "repeats": int(repeats), "metric": own.metric}


def _repeats(prefix: str, start: ProtocolConfig) -> dict[str, Any]:
    own = start if start.kind == "repeats" else _REPEATS
    left, right = st.columns(2)
    repeats = left.number_input(
        "Repeats", 2, 1000, own.repeats, key=f"{prefix}.repeats", help="How often the run is trained."
    )
    new = right.selectbox(
        "Each has a",
        list(NEW),
        index=list(NEW).index(own.new),
        format_func=NEW.__getitem__,
        key=f"{prefix}.new",
        help="A new seed shows how much chance there is in training. A new split shows that, and how much the result "
        "depends on what was held out: whole patients, where they are known.",
    )
    return {"repeats": int(repeats), "new": new, "metric": own.metric}


def _sweep(base: RunConfig, sweeps: Sweeps | None, prefix: str, start: ProtocolConfig) -> dict[str, Any]:
    own = chosen = start if start.kind == "sweep" else _SINGLE
    if sweeps:
        names = [*sweeps, _OWN]
        known = next((name for name, sweep in sweeps.items() if sweep == chosen), names[-1])
        at = names.index(known) if chosen.sweep else 0
        name = st.selectbox("Sweep", names, at, key=f"{prefix}.recipe", help="The study's own sweeps, or one of yours.")
        own, prefix = sweeps.get(name, chosen), f"{prefix}.{name}"
    recipe = own.sweep
    left, right = st.columns(2)
    ranged = any(field.ranged for field in recipe.values())
    sampler = left.selectbox(
        "Search method",
        list(SAMPLERS),
        index=list(SAMPLERS).index(own.sampler) if own is chosen else int(ranged),
        format_func=SAMPLERS.__getitem__,
        key=f"{prefix}.sampler",
        help="grid, random, or tree-structured Parzen estimator (Bergstra 2011).",
    )
    metric = right.selectbox(
        "Selection metric",
        get_args(Metric),
        index=get_args(Metric).index(own.metric),
        format_func=METRICS.__getitem__,
        key=f"{prefix}.metric",
        help="On validation. The test set never chooses anything; it is scored once, at the end.",
    )
    offered = experiment_fields.settings_of(base)
    fields = st.multiselect(
        "Settings to try",
        list(dict.fromkeys([*offered, *recipe])),
        default=list(recipe) or list(FIRST),
        format_func=lambda name: f"{offered[name].title} ({name})" if name in offered else name,
        key=f"{prefix}.fields",
    )
    listed = {name for name, field in chosen.sweep.items() if field.values} if own is chosen else set[str]()
    tried = {
        name: experiment_fields.values_of(
            name,
            offered[name],
            ranged=sampler != "grid" and name not in listed,
            start=recipe.get(name),
            prefix=f"{prefix}.{sampler}",
        )
        for name in fields
        if name in offered
    }
    values: dict[str, Any] = {"sweep": tried, "sampler": sampler, "metric": metric}
    left, right = st.columns(2)
    if sampler != "grid":
        values["trials"] = int(left.number_input("Trials", 1, 1000, own.trials, key=f"{prefix}.trials"))
    folds = right.number_input(
        "Folds a trial",
        1,
        100,
        own.folds or 1,
        key=f"{prefix}.folds",
        help="1: one run a trial. Else the mean over folds counts.",
    )
    if folds > 1:
        values["folds"] = int(folds)
    else:
        values["pruning"] = st.checkbox(
            "Prune poor trials",
            own.pruning,
            key=f"{prefix}.pruning",
            help="When the best epoch so far is below the median of finished trials at that epoch (pruning).",
        )
    empty = [plain(offered[name].title) for name, field in tried.items() if field is None]
    if empty:
        st.caption(f"No values yet: {', '.join(empty)}.")
    return {**values, "sweep": {name: field for name, field in tried.items() if field is not None}}
