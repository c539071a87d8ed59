"""Turn what helps a failed run into settings, with which its experiment can be started anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from histo_core.config import RunConfig
from histo_core.experiments.results import MemberResult
from histo_core.training.diagnosis import diagnose, remedy_settings
from histo_core.training.learning_findings import failed_loss

_BATCH = re.compile(r"aunch again with a batch size of (\d+)")
_TOO_SMALL = re.compile(r"preprocess\.crop = (\d+) is larger than an image of")


def remedy(member: MemberResult) -> Mapping[str, Any]:
    """Return dotted fields and their values that help a member without a result to rely on; empty where none is known.

    Settings that a sweep or a fold varies are left out: they are not the experiment's own.
    """
    if member.scores is not None:
        found = member.scores.remedy
    elif member.run is not None:
        found = _of_reason(member.run.reason, member.run.config)
    else:
        found = {}
    return {name: value for name, value in found.items() if name not in member.changes}


def _of_reason(reason: str, config: RunConfig) -> Mapping[str, Any]:
    """Read what a run's error proposes; the messages are those of training, transforms and the supervisor."""
    if loss := failed_loss(reason):
        return remedy_settings(diagnose(config, (), (), loss))
    if batch := _BATCH.search(reason):
        return {"train.batch_size": int(batch[1])}
    if crop := _TOO_SMALL.search(reason):  # all of each image is seen, at the size that the network was to see
        side = config.preprocess.resize or int(crop[1])
        return {"preprocess.crop": None, "preprocess.resize": side}
    return {}
