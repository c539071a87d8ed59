from __future__ import annotations

import pytest

from histo_core.cli import main
from histo_core.models import cost
from histo_core.models.registry import MODELS


def _run(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code


def test_one_model_tells_all_about_itself(capsys: pytest.CaptureFixture[str]) -> None:
    _run("models", "cnn_narrow")
    told = capsys.readouterr().out
    assert "15,074 weights; 0.00332 GFLOP a patch of 32 pixels" in told
    assert "dropout = (0.2, 0.1, 0.0): Dropout. After each of the three convolutions" in told


def test_a_network_that_turns_with_its_patch_says_at_which_sides(capsys: pytest.CaptureFixture[str]) -> None:
    _run("models", "gcnn_p4m", "--side", "90")
    assert "At 90 pixels the symmetry is not exact. At 88 or 96 the answer" in capsys.readouterr().out
    _run("models", "gcnn_p4m", "--side", "96")
    assert "At 96 pixels the answer for a patch that is turned or mirrored stays the same" in capsys.readouterr().out
    _run("models", "cnn_plain")
    assert "turned" not in capsys.readouterr().out


def test_every_model_is_listed_with_its_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "cost", lambda name, side: cost.Cost(side, 2_000_000, 3_000_000_000))  # counted elsewhere
    _run("models", "--side", "64")
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split("  ")[0] == "model"
    assert [line.split()[0] for line in lines] == list(MODELS)
    assert lines[-1].split()[1:4] == ["2.00", "3", "64"]
    sides = {line.split()[0]: line.split()[3] for line in lines}
    symmetries = {line.split()[0]: line.split()[4:5] for line in lines}
    assert (symmetries["gcnn_p4"], symmetries["p4m_resnet"], symmetries["gcnn"]) == (["p4"], ["p4m"], ["p4"])
    assert sides["inception_v3"] == "75", "a network gets no smaller patch than it can take"


def test_a_network_that_cannot_take_the_side_is_listed_with_that(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: MODELS[name] for name in ("cnn_narrow", "vit_b_16")}
    monkeypatch.setattr(MODELS, "_members", known)
    _run("models", "--side", "100")
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[3] == "100"
    assert second.startswith("vit_b_16")
    assert "cannot take 100" in second


def test_an_unknown_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "resnet81"])
    assert ended.value.code == 2
    assert "Did you mean 'resnet18'" in capsys.readouterr().err
