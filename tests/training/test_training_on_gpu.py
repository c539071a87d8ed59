"""What a run does on a GPU: learns, repeats itself, goes on where it was stopped, and says when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from dots import Dots, split_of
from test_loop import end, epochs, stop_after

from histo_core.config import AugmentConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.splits.split import Split
from histo_core.errors import TrainingError
from histo_core.models.inference.predictor import Predictor
from histo_core.training.dry_run import try_batch
from histo_core.training.events import BatchDone, Finished, Stopped
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

pytestmark = pytest.mark.gpu
NETWORKS = ["cnn_rnn", "gcnn", "resnet18", "densenet121", "squeezenet1_1"]


def run(config: RunConfig, model: str, **train: object) -> RunConfig:
    """As the other tests train, on the GPU; the larger networks need larger patches than the dots' 16 pixels."""
    return config.model_copy(
        update={
            "model": ModelConfig(name=model, options={"width": 0.03} if model == "gcnn" else {}),
            "preprocess": PreprocessConfig(crop=16, resize=None if model == "cnn_rnn" else 64),
            "augment": AugmentConfig(jitter=0.2, hue=0.1),
            "train": TrainConfig(**{**config.train.model_dump(), "device": "cuda:0", **train}),
        }
    )


@pytest.mark.parametrize("model", NETWORKS)
@pytest.mark.parametrize("precision", ["32", "bf16", "16"])
def test_a_run_repeats_itself_and_stopped_goes_on(
    fit_dots, config: RunConfig, gpu: torch.device, tmp_path: Path, model: str, precision: str
) -> None:
    """Bit for bit, so that a run can be done again on the same kind of GPU."""
    wanted = run(config, model, precision=precision)
    events = list(fit_dots(tmp_path / "whole", config=wanted))
    assert isinstance(events[-1], Finished)
    assert events[0].device == "cuda:0"
    again = list(fit_dots(tmp_path / "again", config=wanted))
    assert epochs(again) == epochs(events)
    assert end(tmp_path / "again") == end(tmp_path / "whole")
    before = list(fit_dots(tmp_path / "stopped", config=wanted, should_stop=stop_after(9)))
    assert isinstance(before[-1], Stopped)
    after = list(fit_dots(tmp_path / "stopped", config=wanted))
    assert epochs(before + after) == epochs(events)
    assert end(tmp_path / "stopped") == end(tmp_path / "whole")


@pytest.mark.parametrize("precision", ["32", "bf16", "16"])
def test_it_learns(fit_dots, config: RunConfig, gpu: torch.device, tmp_path: Path, precision: str) -> None:
    wanted = run(config, "cnn_rnn", precision=precision, epochs=12)
    assert list(epochs(fit_dots(tmp_path / "run", config=wanted)).values())[-1].valid_auroc > 0.9


def test_without_chance_it_trains_as_the_cpu_does(
    fit_dots, config: RunConfig, gpu: torch.device, tmp_path: Path
) -> None:
    """No dropout and no augmentation, small steps: losses differ by TensorFloat-32's rounding.

    On a CPU, noise of 5e-4 on each convolution moved them by 5e-4 at this rate, and by 2e-2 at one 30 times as large.
    """
    losses = []
    for device in ("cpu", "cuda:0"):
        wanted = run(config, "resnet18", device=device, optimizer="sgd", learning_rate=1e-4).model_copy(
            update={"augment": AugmentConfig(flips=False, quarter_turns=False, jitter=0)}
        )
        events = fit_dots(tmp_path / device.partition(":")[0], config=wanted)
        losses.append([event.loss for event in events if isinstance(event, BatchDone)][:5])
    assert losses[1] == pytest.approx(losses[0], rel=5e-3)


def test_predictions_of_a_run_are_those_of_a_cpu(
    fit_dots, dots: Dots, split: Split, config: RunConfig, gpu: torch.device, tmp_path: Path
) -> None:
    list(fit_dots(tmp_path, config=run(config, "resnet18")))
    images = dots.read(split.indices("test"))
    here, there = (Predictor.from_run(tmp_path, device).probabilities(images) for device in ("cpu", "cuda:0"))
    np.testing.assert_allclose(there, here, atol=2e-5)


def test_a_trial_measures_the_gpus_memory(
    dots: Dots, split: Split, config: RunConfig, gpu: torch.device, workspace: Workspace
) -> None:
    trial = try_batch(run(config, "resnet18"), dots, split, workspace)
    assert trial.device == "cuda:0"
    assert 50e6 < trial.peak_bytes < 5e9
    assert trial.seconds_total > 0


@pytest.fixture
def little_memory(gpu: torch.device) -> Iterator[None]:
    """A hundredth of the GPU's memory."""
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.01, gpu)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0, gpu)


@pytest.mark.usefixtures("little_memory")
def test_memory_that_runs_out_names_the_batch_size(config: RunConfig, tmp_path: Path) -> None:
    dots = Dots.drawn()
    wanted = run(config, "resnet18", batch_size=32).model_copy(
        update={"preprocess": PreprocessConfig(crop=16, resize=1024)}
    )
    with pytest.raises(TrainingError, match=r"[Mm]emory ran out.*batch size"):
        list(fit(wanted, dots, split_of(dots), tmp_path, workspace=Workspace(tmp_path / "home")))
    torch.cuda.empty_cache()
