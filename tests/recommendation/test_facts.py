"""What a recommendation knows of real and made data, and that it is the recipe's whole input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from histo_core.config import RunConfig
from histo_core.data.integrity import stored_check
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import DataError
from histo_core.recommendation.api import recommend_run
from histo_core.recommendation.facts import DataFacts, known_facts
from histo_core.workspace import Workspace


def facts_of(config: RunConfig, workspace: Workspace) -> DataFacts:
    dataset = open_dataset(config.data, workspace)
    return known_facts(config, dataset, make_split(dataset, config.split, workspace), workspace)


def test_the_sizes_of_all_images_patients_and_colours_are_known(shared_data: Path, workspace: Workspace) -> None:
    config = RunConfig.parse({"data": {"dataset": "idc", "root": str(shared_data / "idc")}})
    facts = facts_of(config, workspace)
    assert facts.commonest == (50, 50)
    assert (sum(facts.sizes.values()), facts.sizes[50, 50]) == (2538, 2522)
    assert min(facts.sizes) == (2, 50)
    dataset = open_dataset(config.data, workspace)
    split = make_split(dataset, config.split, workspace)
    labels, patients = dataset.table["label"].to_numpy(), dataset.table["patient_id"].to_numpy(object)
    for part in ("train", "valid", "test"):
        rows = split.indices(part)
        assert facts.patches[part] == tuple(int((labels[rows] == label).sum()) for label in (0, 1))
        assert facts.grouped[part] == tuple(len(set(patients[rows][labels[rows] == label])) for label in (0, 1))
    pixels = np.concatenate([image.reshape(-1, 3) for image in dataset.read(split.indices("train"))]) / 255
    assert facts.mean == pytest.approx(tuple(pixels.mean(axis=0)), abs=0.01), "of 500 of them"
    assert facts.std == pytest.approx(tuple(pixels.std(axis=0)), abs=0.01)
    assert stored_check(dataset, workspace) is not None, "sizes are read once"
    assert facts.stain is not None
    assert facts.stain.groups is not None
    assert facts.microns is None, "IDC's files do not say"


def test_mixed_magnifications_are_known(shared_data: Path, workspace: Workspace) -> None:
    data = {"dataset": "breakhis", "root": str(shared_data / "breakhis_full")}
    assert facts_of(RunConfig.parse({"data": data}), workspace).magnifications == ("40", "100", "200", "400")
    data = {"dataset": "breakhis", "root": str(shared_data / "breakhis_224")}
    assert facts_of(RunConfig.parse({"data": data}), workspace).magnifications == ()


def test_five_patches_a_class_are_refused_in_words(shared_data: Path, workspace: Workspace) -> None:
    base = RunConfig.parse({"data": {"dataset": "folder", "root": str(shared_data / "nct_crc_he")}})
    with pytest.raises(DataError, match="Five patches a class are too few to train and test a network"):
        recommend_run(base, {}, workspace)


def test_the_weights_beside_the_data_are_taken(shared_data: Path, workspace: Workspace) -> None:
    base = RunConfig.parse({"data": {"dataset": "kpcam", "root": str(shared_data / "kpcam")}})
    found = recommend_run(base, {"split.seed": 4}, workspace, minutes=10)
    assert "shows 0.58 µm of tissue" in next(choice.why for choice in found.choices if choice.title == "Image")
    assert found.config.model.weights == str(shared_data.resolve() / "weights" / "squeezenet1_1_features.safetensors")
    assert (found.config.split.seed, found.config.preprocess.resize) == (4, 160)
    assert found.seconds < 600
