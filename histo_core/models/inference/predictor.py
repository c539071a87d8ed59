"""Predict probabilities from images by trained weights and their own preprocessing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from histo_core.config import ModelConfig, PredictConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.device import full_float32, out_of_memory, resolve_device
from histo_core.models.inference.batch_norm_folding import fold_batch_norm, interactive_dtype
from histo_core.models.inference.gradcam_view import GradCamView
from histo_core.models.inference.probabilities import Predicted, concatenated, probabilities
from histo_core.models.inference.tta import combined, predict_views
from histo_core.models.registry import MODELS, build_network
from histo_core.models.weights.header import WeightsHeader, assign, load_weights
from histo_core.models.weights.manifest import read_manifest

__all__ = ["Predicted", "Predictor", "resolve_device"]

_PLAIN = PredictConfig()


class Predictor:
    """A trained network in evaluation mode, float32, channels last.

    Attributes:
        model: gives logits for the output of `preprocess`.
        preprocess: the transforms of its images, the same as in training.
        classes: names, in the order of the logits.
        positive: the class of interest.
        config: the network's configuration.
        name: the network's registered name.
        device: the device that computes.
        interactive: whether explanations are for interactive use and not reported; they may then be computed in
            bfloat16 (`sampling_dtype`). Set it after loading.
        before_batch: called before each batch; an exception from it stops the work. Set it after loading.
        input_size: height and width that the network was built for, in pixels after preprocessing; None where unknown.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import Predictor, RunConfig, fit, make_split, open_dataset
        >>> config = RunConfig.parse({
        ...     "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
        ...     "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
        ...     "train": {"epochs": 1, "device": "cpu"},
        ... })
        >>> dataset = open_dataset(config.data)
        >>> with TemporaryDirectory() as folder:
        ...     for event in fit(config, dataset, make_split(dataset, config.split), Path(folder)):
        ...         pass
        ...     predictor = Predictor.from_run(Path(folder), "cpu")
        >>> predictor.classes, predictor.probabilities(dataset.read([0, 1])).shape
        (('normal', 'tumour'), (2, 2))
    """

    def __init__(
        self,
        model: nn.Module,
        preprocess: Preprocess,
        classes: Sequence[str],
        positive: str,
        config: ModelConfig,
        device: str | torch.device = "cpu",
        *,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        self.device = torch.device(device)
        # torch types the memory format on an overload of its own, so device and format go in two steps.
        self.model = model.eval().float().to(self.device).to(memory_format=torch.channels_last)
        self.preprocess, self.classes, self.positive = preprocess, tuple(classes), positive
        self.config, self.name, self.input_size = config, config.name, input_size
        self.interactive = False
        self.before_batch: Callable[[], object] = _nothing
        self._gradcam_views: dict[tuple[nn.Module, torch.dtype], GradCamView] = {}

    @classmethod
    def load(cls, file: Path, device: str = "auto", *, sha256: str | None = None) -> Predictor:
        """Load a predictor from one self-describing .safetensors file.

        Args:
            file: a file that `save_weights` wrote, such as a run's ``best.*.safetensors``.
            device: as `resolve_device`.
            sha256: the file's expected hash; None where it is not known.

        Raises:
            CheckpointError: the file is missing or damaged, or its tensors do not fit the model that it names.
            ConfigError: the model is unknown, or the device does not exist.
        """
        tensors, header = load_weights(file, sha256, network=_network)
        model = _network(header)
        assign(model, tensors, file)
        return cls(
            model,
            Preprocess(header.preprocess),
            header.classes,
            header.positive,
            header.model,
            resolve_device(device),
            input_size=header.input_size,
        )

    @classmethod
    def from_run(cls, folder: Path, device: str = "auto") -> Predictor:
        """Load the predictor of a run's best epoch; its bytes are checked against the run's manifest.

        Args:
            folder: the run's folder.
            device: as `resolve_device`.

        Raises:
            CheckpointError: no epoch is finished yet, or as `load`.
            ConfigError: as `load`.
        """
        checkpoint = folder / "checkpoint"
        manifest = read_manifest(checkpoint)
        if manifest is None or manifest.best is None:
            raise CheckpointError(
                f"{folder.name} has no finished epoch yet.",
                "A run with at least one finished epoch is needed.",
                "Wait for its first epoch, or resume it.",
            )
        return cls.load(checkpoint / manifest.best.file, device, sha256=manifest.best.sha256)

    @cached_property
    def _engine(self) -> nn.Module:
        """Folded copy of the network; made on first use, because some explanations never need it."""
        return fold_batch_norm(self.model)

    @property
    def sampling_dtype(self) -> torch.dtype:
        """The dtype of explanations and of the perturbed copies that they predict; float32 for reported numbers."""
        return interactive_dtype(self.device) if self.interactive else torch.float32

    @cached_property
    def _quick_engine(self) -> nn.Module:
        return fold_batch_norm(self.model, self.sampling_dtype)

    @torch.inference_mode()
    def logits(self, images: Sequence[np.ndarray] | np.ndarray, batch_size: int = 64) -> Tensor:
        """Compute the logits of images.

        Args:
            images: uint8 H x W x 3 RGB each.
            batch_size: how many go through the network at once.

        Returns:
            float32 [n, k] on the CPU.

        Raises:
            ConfigError: the images are smaller than the crop or than the network takes.
        """
        with full_float32():
            return self._logits(self._engine, torch.float32, images, batch_size)

    @torch.inference_mode()
    def sampled(self, images: Sequence[np.ndarray] | np.ndarray, batch_size: int = 64) -> np.ndarray:
        """Do the same as `probabilities` for the many perturbed copies of a patch that an explanation needs."""
        dtype = self.sampling_dtype
        if dtype == torch.float32:
            return self.probabilities(images, batch_size)
        logits = self._logits(self._quick_engine, dtype, images, batch_size)
        return probabilities(logits, self.config.output).numpy()

    @property
    def smallest_input(self) -> int:
        """Smallest side in pixels after preprocessing with which the network works."""
        return MODELS[self.config.name].smallest_input

    def _check_size(self, pixels: Tensor) -> None:
        height, width = pixels.shape[-2:]
        if min(height, width) < self.smallest_input:
            raise ConfigError(
                f"{self.name} was given patches of {width} x {height} pixels.",
                f"At least {self.smallest_input} x {self.smallest_input} after preprocessing.",
                "Take larger patches.",
            )

    def _logits(
        self, network: nn.Module, dtype: torch.dtype, images: Sequence[np.ndarray] | np.ndarray, batch_size: int
    ) -> Tensor:
        batches = []
        for start in range(0, len(images), batch_size):
            self.before_batch()
            pixels = self.preprocess(images[start : start + batch_size])
            self._check_size(pixels)
            batches.append(network(pixels.to(self.device, dtype)).float().cpu())
        return torch.cat(batches) if batches else torch.zeros(0, len(self.classes))

    def probabilities(self, images: Sequence[np.ndarray] | np.ndarray, batch_size: int = 64) -> np.ndarray:
        """Convert `logits` to probabilities by the network's kind of output: float32 [n, k], each row sums to 1."""
        return probabilities(self.logits(images, batch_size), self.config.output).numpy()

    def predict(
        self, images: Sequence[np.ndarray] | np.ndarray, config: PredictConfig = _PLAIN, batch_size: int = 64
    ) -> Predicted:
        """Predict with the configured test-time augmentation, for numbers that are reported.

        Args:
            images: uint8 H x W x 3 RGB each.
            config: the test-time augmentation and how views are combined; its ``parts`` are ignored here.
            batch_size: how many go through the network at once.

        Raises:
            ConfigError: quarter turns of patches that are not square.
            DataError: as `Preprocess.geometry`.
        """
        found = [
            self.predict_input(self.preprocess(images[start : start + batch_size]), config)
            for start in range(0, len(images), batch_size)
        ]
        return concatenated(found, len(self.classes))

    @torch.inference_mode()
    def predict_input(self, pixels: Tensor, config: PredictConfig = _PLAIN) -> Predicted:
        """Do the same as `predict` for one preprocessed batch: float32 [n, 3, h, w].

        If memory runs out, the batch is predicted in halves, which changes numbers by rounding at most.

        Raises:
            ConfigError: as `predict`, the patches are smaller than the network takes, or memory is too small for a
                single patch.
        """
        self._check_size(pixels)
        try:
            return self._predicted(pixels, config)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
        # Outside the block, because the error keeps references to what filled the memory.
        if len(pixels) == 1:
            raise ConfigError(
                f"Memory ran out on {self.device} while {self.name} predicted a single patch.",
                "Room for one patch is needed.",
                "Choose a device with more memory, or end what else uses it; the trained weights are kept.",
            )
        halves = pixels.tensor_split(2)
        return concatenated([self.predict_input(half, config) for half in halves], len(self.classes))

    def _predicted(self, pixels: Tensor, config: PredictConfig) -> Predicted:
        with full_float32():
            logits = predict_views(pixels.to(self.device), config.tta, self._engine).cpu().double()
        # In double precision, rows sum to 1 to the last stored digit.
        each = np.stack([probabilities(one, self.config.output).numpy() for one in logits])
        if len(each) == 1:
            return Predicted(each[0], logits[0].numpy())
        joint = combined(each, config.combine)
        voted = config.combine == "vote"
        return Predicted(joint, None if voted else np.log(np.maximum(joint, np.finfo(np.float64).tiny)))

    def gradcam_view(self, input_size: tuple[int, int]) -> GradCamView:
        """Return a copy of the network whose Grad-CAM layer can be read and differentiated, in `sampling_dtype`.

        Args:
            input_size: height and width of its input, in pixels after preprocessing.
        """
        key = (self.gradcam_layer(input_size), self.sampling_dtype)
        if key not in self._gradcam_views:
            # A copy made in inference mode could not be differentiated.
            with torch.inference_mode(mode=False):
                self._gradcam_views[key] = GradCamView(self.model, *key)
        return self._gradcam_views[key]

    def gradcam_layer(self, input_size: tuple[int, int]) -> nn.Module:
        """Return the layer that Grad-CAM reads, for inputs of this height and width after preprocessing."""
        return MODELS[self.config.name].gradcam_layer(self.model, input_size)


def _nothing() -> None:
    """Do nothing before a batch."""


def _network(header: WeightsHeader) -> nn.Module:
    return build_network(header.model, len(header.classes), header.input_size)
