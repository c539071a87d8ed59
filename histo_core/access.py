"""Authorise actions of users. Pages, the command line and workers all ask here before an action.

On a personal machine there is one user, `LOCAL`, who may do everything. Teams get roles in a later release; every
action is checked already, and an action that no policy names is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from histo_core.errors import PermissionDeniedError

Role = Literal["reader", "researcher", "owner"]
Action = Literal[
    "data.read",
    "data.build",
    "data.export",
    "job.cancel",
    "run.read",
    "run.launch",
    "run.cancel",
    "run.resume",
    "run.edit",
    "run.delete",
    "run.predict",
    "predictions.import",
    "ensemble.keep",
    "explain",
    "report",
    "workspace.keep",
]

POLICY: dict[Action, frozenset[Role]] = {
    "data.read": frozenset(get_args(Role)),
    "data.build": frozenset({"researcher", "owner"}),
    "data.export": frozenset({"researcher", "owner"}),
    "job.cancel": frozenset({"researcher", "owner"}),
    "run.read": frozenset(get_args(Role)),
    "run.launch": frozenset({"researcher", "owner"}),
    "run.cancel": frozenset({"researcher", "owner"}),
    "run.resume": frozenset({"researcher", "owner"}),
    "run.edit": frozenset({"researcher", "owner"}),
    "run.delete": frozenset({"researcher", "owner"}),
    "run.predict": frozenset({"researcher", "owner"}),
    "predictions.import": frozenset({"researcher", "owner"}),
    "ensemble.keep": frozenset({"researcher", "owner"}),
    "explain": frozenset(get_args(Role)),
    "report": frozenset(get_args(Role)),
    "workspace.keep": frozenset({"owner"}),
}


@dataclass(frozen=True)
class User:
    """A user with a role."""

    name: str
    role: Role


LOCAL = User("local", "owner")


def authorise(user: User, action: Action, target: str = "") -> None:
    """Allow an action or refuse it.

    Args:
        user: the user who wants the action.
        action: a key of `POLICY`.
        target: the object of the action (a run id, a data set), for the message.

    Raises:
        PermissionDeniedError: no policy names the action, or none of its roles is the user's.
    """
    roles = POLICY.get(action, frozenset())
    if user.role not in roles:
        raise PermissionDeniedError(
            f"{user.name} ({user.role}) may not do {action}{f' on {target}' if target else ''}.",
            f"Allowed for: {', '.join(sorted(roles)) or 'nobody'}.",
            "Ask the owner of this workspace.",
        )
