"""Finding, setting and listing a page's controls, for the tests that pin where each of them leads."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget


@dataclass(frozen=True)
class Control:
    """One control of a page.

    Attributes:
        kind: as Streamlit calls it, such as ``selectbox``.
        label: what stands beside it.
        key: its key; empty where it has none.
        element: the control itself.
    """

    kind: str
    label: str
    key: str
    element: Any

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.kind}: {self.label}"


def controls(page: AppTest) -> list[Control]:
    """Every control of a page, in order: all that is clicked, typed or drawn on, but for what Plotly brings itself."""
    assert not page.exception, page.exception
    return list(_walk(page._tree))


def _walk(block: Any) -> Iterator[Control]:
    for child in block.children.values():
        if getattr(child, "children", None):
            yield from _walk(child)
        element, proto = child, getattr(child, "proto", None)
        if isinstance(element, Widget) or child.type == "page_link":
            label = getattr(element, "label", "") or getattr(proto, "label", "")
            yield Control(child.type, label, str(getattr(element, "key", "") or ""), element)


def control(page: AppTest, wanted: str) -> Any:
    """The control with a key, with the end of one (after a dot), or with a label."""
    known = controls(page)
    for fits in (
        lambda one: one.key == wanted,
        lambda one: one.key.endswith(f".{wanted}"),
        lambda one: one.label == wanted,
    ):
        found = [one.element for one in known if fits(one)]
        if found:
            assert len(found) == 1, f"{wanted} names {len(found)} controls"
            return found[0]
    raise AssertionError(f"{wanted} is none of the controls: {sorted(one.key or one.label for one in known)}")


def has(page: AppTest, key: str) -> bool:
    """Whether a control whose key ends so is on the page."""
    return any(one.key == key or one.key.endswith(f".{key}") for one in controls(page))


def fill(page: AppTest, values: Mapping[str, Any], *, prefix: str = "") -> None:
    """Set controls by the ends of their keys, without running the page.

    Args:
        page: that has them.
        values: what each is set to; a tuple of numbers is typed with commas.
        prefix: of each key's end.
    """
    for name, value in values.items():
        element = control(page, f"{prefix}{name}")
        if element.type == "text_input":
            value = ", ".join(f"{part:g}" for part in value) if isinstance(value, tuple) else value
        elif element.type == "multiselect":
            value = list(value)
        element.set_value(value)


def tried(page: AppTest, values: Mapping[str, Any]) -> AppTest:
    """Set some controls, by key or label, and run the page."""
    fill(page, values)
    return page.run()


def unnamed(page: AppTest, rows: Mapping[str, object]) -> set[str]:
    """Names of the page's controls that a table does not have."""
    return {one.name for one in controls(page)} - set(rows)


def as_file(content: bytes | str) -> io.BytesIO:
    """What a page gives away, to be read as a file."""
    return io.BytesIO(content.encode() if isinstance(content, str) else content)
