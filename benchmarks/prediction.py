"""Predicting 1,024 patches with ResNet18: our predictor against the plain torchvision recipe.

Both start from the same HDF5 file of PatchCamelyon's layout. The recipe is what torchvision's own data set, transforms
and a DataLoader give, with and without workers; ours reads whole batches, normalises them in one pass, folds batch
normalisation into the convolutions, keeps channels last, and reads the next batch meanwhile. Probabilities must be
equal. bfloat16 is measured only where the processor multiplies it.

Normalisation is not folded into the first convolution: that pads with zeros after normalising, so that a folded one
would see black instead of the mean colour at the border, and give other logits.

Run as ``python -m benchmarks.prediction``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import PCAM
from torchvision.transforms import Compose, Normalize, ToTensor

from benchmarks._paired import Variant, paired
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.inference.batch_norm_folding import interactive_dtype
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import concatenated
from histo_core.models.registry import build_network
from histo_core.training.predict import batches
from histo_core.workspace import Workspace

PATCHES, BATCH, SIDE = 1024, 64, 96
TOLERANCE = 1e-5
CLASSES = ("normal", "tumour")


def write_patches(folder: Path) -> None:
    """A test set of noise in PatchCamelyon's layout."""
    folder.mkdir()
    name = folder / "camelyonpatch_level_2_split_test"
    pixels = np.random.default_rng(0).integers(0, 256, (PATCHES, SIDE, SIDE, 3), np.uint8)
    with h5py.File(f"{name}_x.h5", "w") as file:
        file["x"] = pixels
    with h5py.File(f"{name}_y.h5", "w") as file:
        file["y"] = np.resize(np.array([0, 1], np.uint8), (PATCHES, 1, 1, 1))


def recipe(root: Path, model: nn.Module, config: PreprocessConfig, workers: int) -> Callable[[], np.ndarray]:
    """What one writes with torchvision."""
    transform = Compose([ToTensor(), Normalize(config.mean, config.std)])
    patches = Subset(PCAM(str(root), split="test", transform=transform), range(PATCHES))

    @torch.no_grad()
    def predict() -> np.ndarray:
        loader = DataLoader(patches, BATCH, num_workers=workers)
        return torch.cat([model(images).softmax(dim=1) for images, _ in loader]).numpy()

    return predict


def ours(predictor: Predictor, dataset: Dataset) -> np.ndarray:
    """As `predict_sets` does it."""
    rows = np.arange(len(dataset))
    found = [predictor.predict_input(pixels) for _, pixels in batches(predictor, dataset, rows, BATCH)]
    return concatenated(found, len(CLASSES)).probabilities


def main() -> None:
    """Show that both give the same, then time them."""
    torch.manual_seed(0)
    config, preprocess = ModelConfig(name="resnet18"), PreprocessConfig()
    model = build_network(config, len(CLASSES), (SIDE, SIDE)).eval()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_patches(root / "pcam")
        workspace = Workspace(root / "home", extra_roots=(root,))
        dataset = open_dataset(DataConfig(dataset="pcam", root=str(root / "pcam")), workspace)
        variants: dict[str, Variant] = {
            f"torchvision, {workers or 'no'} workers": recipe(root, model, preprocess, workers) for workers in (0, 2)
        }
        expected = recipe(root, model, preprocess, 0)()
        # The recipe keeps its own memory format, so ours gets a copy.
        copy = build_network(config, len(CLASSES), (SIDE, SIDE))
        copy.load_state_dict(model.state_dict())
        predictor = Predictor(copy, Preprocess(preprocess), CLASSES, "tumour", config)
        difference = float(np.abs(ours(predictor, dataset) - expected).max())
        print(f"greatest difference of a probability: {difference:.1e}")
        assert difference < TOLERANCE
        variants["ours, float32"] = lambda: ours(predictor, dataset)
        if interactive_dtype(predictor.device) == torch.bfloat16:
            predictor.interactive = True
            patches = np.asarray(dataset.read(np.arange(PATCHES)))
            variants["ours, bfloat16, patches in memory"] = lambda: predictor.sampled(patches, BATCH)
        else:
            print("bfloat16 is left out: this processor does not multiply it")
        paired(f"{PATCHES:,} patches of {SIDE} px, ResNet18", variants, base="torchvision, no workers", rounds=3)


if __name__ == "__main__":
    main()
