"""List the training settings that apply to certain choices only."""

from __future__ import annotations

BELONGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "momentum": ("optimizer", ("sgd", "rmsprop")),
    "dampening": ("optimizer", ("sgd",)),
    "nesterov": ("optimizer", ("sgd",)),
    "beta1": ("optimizer", ("adam", "adamw", "adamax")),
    "beta2": ("optimizer", ("adam", "adamw", "adamax")),
    "amsgrad": ("optimizer", ("adam", "adamw")),
    "alpha": ("optimizer", ("rmsprop",)),
    "centered": ("optimizer", ("rmsprop",)),
    "rate_decay": ("optimizer", ("adagrad",)),
    "initial_accumulator": ("optimizer", ("adagrad",)),
    "epsilon": ("optimizer", ("adam", "adamw", "adamax", "rmsprop", "adagrad")),
    "unfreeze_after": ("backbone", ("frozen",)),
    "schedule_every": ("schedule", ("step", "exponential")),
    "step_epochs": ("schedule", ("step",)),
    "step_factor": ("schedule", ("step",)),
    "epoch_factor": ("schedule", ("exponential",)),
    "cycle_steps": ("schedule", ("cyclic",)),
    "cycle_low": ("schedule", ("cyclic",)),
    "rise": ("schedule", ("one_cycle",)),
    "rise_from": ("schedule", ("one_cycle",)),
    "fall_to": ("schedule", ("one_cycle",)),
    "warmup_epochs": ("schedule", ("cosine",)),
    "cosine_end": ("schedule", ("cosine",)),
    "plateau_patience": ("schedule", ("plateau",)),
    "plateau_factor": ("schedule", ("plateau",)),
}
"""Settings that apply to certain choices only: field to (the field that chooses, its choices)."""
