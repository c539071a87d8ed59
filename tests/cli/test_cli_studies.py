"""The studies from a shell."""

from __future__ import annotations

import pytest

import histo_core.studies
from histo_core.config import RunConfig
from histo_core.studies.recipes import STUDIES

assert histo_core.studies.__all__


def test_all_studies_are_listed(call) -> None:
    listed = call("studies", "list")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == list(STUDIES)


@pytest.mark.parametrize("name", list(STUDIES))
def test_a_study_is_shown_and_its_runs_are_configurations(call, name: str) -> None:
    study = STUDIES[name]
    shown = call("studies", "show", name).out
    assert shown.startswith(study.title)
    assert all(text in shown for text in (*study.doubts, *study.ours, *(one.name for one in study.configs)))
    assert RunConfig.from_yaml(call("studies", "config", name).out) == study.configs[0].config
    last = study.configs[-1]
    assert RunConfig.from_yaml(call("studies", "config", name, "--run", last.name).out) == last.config


def test_what_is_not_there_is_named(call) -> None:
    assert "nosuch" in call("studies", "show", "nosuch").err
    assert "has no run 'nosuch'" in call("studies", "config", "fub_breakhis", "--run", "nosuch").err
