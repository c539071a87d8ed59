"""Cached functions tell arguments apart by their content: equal ones share an entry, and different ones never do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from other_values import other_values
from page_helpers import PROJECT

from histo_core.config import Config, DataConfig, ModelConfig, RunConfig, SplitConfig
from histo_core.workspace import Workspace
from pages.shared.cache import cache, cache_maps
from pages.shared.cache.hashes import HASHES

OPTIONS: tuple[dict[str, Any], ...] = (
    *({"a": value} for value in (1, True, 1.0, "1", "true", "1.0", 0.1 + 0.2, 0.3, "")),
    {"b": 1},
    {"a": 1, "b": 2},
    {"a": 2, "b": 1},
)
TEXTS = {"root": "/data", "group": "slide_id", "saved": "abc", "weights_sha256": "0" * 64, "weights": "a.safetensors"}


def _changed(config: Config) -> Iterator[Config]:
    """Yield the configuration with one field changed after another, also within its parts."""
    kind = type(config)
    values = other_values(kind) | {name: text for name, text in TEXTS.items() if name in kind.model_fields}
    for name in kind.model_fields:
        now = getattr(config, name)
        if isinstance(now, Config):
            yield from (config.model_copy(update={name: one}) for one in _changed(now))
        elif name == "options":
            yield from (config.model_copy(update={name: options}) for options in OPTIONS)
        elif name in values:
            yield config.model_copy(update={name: values[name]})


def _counted() -> tuple[Any, list[object]]:
    """Return a cached function that gives back its call's number, and the arguments that it was really called with."""
    calls: list[object] = []

    @st.cache_resource(show_spinner=False, hash_funcs=HASHES)
    def number(argument: object) -> int:
        calls.append(argument)
        return len(calls)

    number.clear()
    return number, calls


def test_different_arguments_never_share_an_entry() -> None:
    number, calls = _counted()
    defaults = (DataConfig(), SplitConfig(), RunConfig())
    arguments: list[object] = [*defaults, *(one for config in defaults for one in _changed(config))]
    arguments += [None, Workspace(Path("/a")), Workspace(Path("/b")), Workspace(Path("/a"), (Path("/b"),))]
    arguments += [(DataConfig(), SplitConfig()), (SplitConfig(), DataConfig()), (DataConfig(), None)]
    assert len(arguments) > 100
    assert [number(one) for one in arguments] == list(range(1, len(arguments) + 1))
    assert len(calls) == len(arguments)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (DataConfig(options={"a": 1, "b": "x"}), DataConfig(options={"b": "x", "a": 1})),
        (DataConfig(root="/a"), DataConfig.model_validate_json(DataConfig(root="/a").model_dump_json())),
        (SplitConfig(valid=0.2), SplitConfig(valid=0.2, test=0.25)),
        (
            RunConfig(model=ModelConfig(options={"width": 2, "depth": (1.0, 2.0)})),
            RunConfig.from_yaml(RunConfig(model=ModelConfig(options={"depth": (1.0, 2.0), "width": 2})).to_yaml()),
        ),
        (Workspace(Path("/a")), Workspace(Path("/a"))),
        ((DataConfig(), None), (DataConfig(), None)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_equal_arguments_share_an_entry(one: object, same: object) -> None:
    number, calls = _counted()
    assert one == same
    assert number(one) == number(same) == 1
    assert len(calls) == 1


def test_every_cached_function_of_the_pages_hashes_by_content() -> None:
    without, counted = [], 0
    for file in sorted((PROJECT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                for one in node.decorator_list:
                    text = ast.unparse(one)
                    if "st.cache_" in text:
                        counted += 1
                        if "hash_funcs=HASHES" not in text:
                            without.append(f"{file.relative_to(PROJECT)}: {node.name}")
    assert not without
    assert counted >= 40, "the test finds them"


def _cache_module() -> ast.Module:
    return ast.parse((PROJECT / "pages" / "shared" / "cache" / "cache.py").read_text())


def test_every_cached_function_that_opens_data_is_keyed_by_their_state_or_cleared_with_them() -> None:
    forget = next(node for node in ast.walk(_cache_module()) if getattr(node, "name", "") == "_forget_derived")
    cleared = {node.id for node in ast.walk(forget) if isinstance(node, ast.Name)}
    cleared |= {one.__name__ for one in cache.MADE_OF_DATA}
    stale, counted = [], 0
    for file in sorted((PROJECT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef) or "st.cache_" not in " ".join(
                map(ast.unparse, node.decorator_list)
            ):
                continue
            called = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
            if called & {"dataset", "cache.dataset", "open_dataset"}:
                counted += 1
                keys = {argument.arg for argument in node.args.args}
                if not keys & {"state", "states"} and node.name not in cleared:
                    stale.append(f"{file.relative_to(PROJECT)}: {node.name}")
    assert cache_maps.slides in cache.MADE_OF_DATA
    assert not stale
    assert counted >= 20, "the test finds them"
