"""No page puts data into Markdown unescaped: each f-string that Streamlit reads as Markdown is looked through."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "pages"
# fmt: off
READ_AS_MARKDOWN = {
    "badge", "button", "caption", "checkbox", "choose", "choose_many", "download_button", "error", "expander", "header",
    "info", "markdown", "multiselect", "number_input", "popover", "selectbox", "slide", "slider", "spinner",
    "subheader", "success", "switch", "tabs", "text_area", "text_input", "title", "toast", "toggle", "warning", "write",
}
"""Calls whose first argument Streamlit reads as Markdown; `layout.header` escapes its second one itself."""
NAMED = {"help", "label", "text"}
"""Arguments that are Markdown wherever they stand."""
NO_DATA = {"count", "plain", "size", "duration", "ago", "percent", "len", "max", "round", "_took"}
"""Functions that give text without data in it, or escape it."""
OF_THE_CODE = {
    "kind.title", "kind.info.summary", "kind.info.layout", "run_board.ANCHOR", "run_board.FORM", "FORM", "ANCHOR",
    "reference", "name", "title", "title(run)", "source.word", "seeded", "word", "split_set", "what", "time", "number",
    "wanted.folds", "models", "groups", "known", "few", "said", "free", "all_of_them", "built.fingerprint",
    "', '.join(empty)",
}
"""Expressions that hold words of our own: titles of fields, figures and parts, numbers, and text escaped before."""
# fmt: on


def _data_in(node: ast.AST) -> Iterator[str]:
    """What an f-string puts in that is neither escaped, nor a formatted number, nor ours."""
    if isinstance(node, ast.FormattedValue) and (node.format_spec is not None or _is_ours(node.value)):
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in NO_DATA:
        return
    if isinstance(node, ast.FormattedValue) and not isinstance(node.value, ast.Call | ast.IfExp | ast.BoolOp):
        yield ast.unparse(node.value)
    elif isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Call):
        yield from [] if ast.unparse(node.value.func).rpartition(".")[2] in NO_DATA else [ast.unparse(node.value)]
    else:
        for child in ast.iter_child_nodes(node):
            yield from _data_in(child)


def _is_ours(value: ast.expr) -> bool:
    """Whether it is one of the module's own constants, an entry of one, or a word of the code."""
    if isinstance(value, ast.Subscript):
        value = value.value
    return ast.unparse(value).rpartition(".")[2].isupper() or ast.unparse(value) in OF_THE_CODE


def _unescaped(source: str) -> list[str]:
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        read = call.args[:1] if name in READ_AS_MARKDOWN else []
        read += call.args[1:2] if name in ("link", "metric", "progress") else []
        read += [one.value for one in call.keywords if one.arg in NAMED]
        found += [f"line {call.lineno}: {name}(… {data} …)" for one in read for data in _data_in(one)]
    return found


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: str(path.relative_to(PAGES)))
def test_data_are_escaped_where_markdown_is_read(path: Path) -> None:
    assert _unescaped(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "call",
    ['st.caption(f"{run.name}")', 'st.button("x", help=f"of {run.name}")', 'st.markdown("- " + f"{run.tags[0]}")',
     'navigation.link("data", f"{data.root}: 3")', 'st.expander(f"{str(path)}")'],
)  # fmt: skip
def test_the_test_finds_data_that_are_not_escaped(call: str) -> None:
    assert len(_unescaped(call)) == 1
