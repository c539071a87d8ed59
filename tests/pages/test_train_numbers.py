"""What a form's text fields take as numbers, and what they refuse in words."""

from __future__ import annotations

import pytest
from page_helpers import OpenPage, texts
from streamlit.testing.v1 import AppTest

from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("inf, 1, 1", "std.0 = inf: a finite number is expected"),
        ("0.2, nan, 0.2", "std.1 = nan: a finite number is expected"),
        ("1e999, 1, 1", "std.0 = inf: a finite number is expected"),
        ("200, 1, 1", "std.0 = 200.0: input should be less than or equal to 100"),
    ],
)
def test_a_number_that_is_not_finite_is_refused_and_nothing_can_be_launched(
    typed: str, said: str, workspace: Workspace, open_page: OpenPage
) -> None:
    page = open_page("train")
    assert _launches(page)
    next(field for field in page.text_input if field.label == "Channel SD").set_value(typed).run()
    assert not page.exception
    assert said in texts(page).replace("\\", "")
    assert not _launches(page)
    assert Store.open(workspace).runs() == []


def _launches(page: AppTest) -> bool:
    return any(button.label.startswith("Train ") and not button.disabled for button in page.button)
