from typing import get_args

import pytest

from histo_core.access import LOCAL, POLICY, Action, User, authorise
from histo_core.errors import PermissionDeniedError


def test_every_action_has_a_policy() -> None:
    assert set(POLICY) == set(get_args(Action))


@pytest.mark.parametrize("action", get_args(Action))
def test_on_ones_own_machine_all_is_allowed(action: Action) -> None:
    authorise(LOCAL, action)


def test_a_reader_launches_nothing() -> None:
    with pytest.raises(PermissionDeniedError, match=r"Ann \(reader\) may not do run.launch on phantom"):
        authorise(User("Ann", "reader"), "run.launch", "phantom")


def test_an_action_without_a_policy_is_refused_to_all() -> None:
    with pytest.raises(PermissionDeniedError, match="nobody"):
        authorise(LOCAL, "run.explode")  # type: ignore[arg-type]
