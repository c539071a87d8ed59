"""What turning features costs: our P4 network against a plain CNN with as many channels, and against escnn.

All three have six 3 x 3 layers with batch normalisation and a pool after every second, at 96 pixels. Equality first:
our network and its folded form give the same logits, and both the same for a turned image; escnn gives the same for a
turned image, too. bfloat16 is measured only where the processor multiplies it. All train with `kept_memory`, as runs
do; in evaluation ours alone has it, as predictions do.

escnn needs lie_learn, which does not build on current Python; what it takes from it (representations of SO(3)) is not
used by a network over the plane, so empty modules stand in. Install with ``pip install autograd`` and
``pip install --no-deps escnn``; without it only the plain CNN is the peer.

Run as ``python -m benchmarks.group_nets``.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._paired import Variant, paired
from histo_core.models.inference.batch_norm_folding import fold_batch_norm, interactive_dtype
from histo_core.models.inference.memory import kept_memory
from histo_core.models.zoo.gcnn import GroupCNN, GroupCNNOptions

FIELDS, SIDE, BATCH, CLASSES = (8, 16, 32), 96, 32, 2
EVALUATED = 16
"""Batches in a row, as a prediction has them."""
TOLERANCE = 1e-4
_LIE_LEARN = (
    *("lie_learn", "lie_learn.representations", "lie_learn.representations.SO3"),
    *(f"lie_learn.representations.SO3.{name}" for name in ("wigner_d", "spherical_harmonics", "irrep_bases")),
    *("lie_learn.groups", "lie_learn.groups.SO3"),
)


def plain() -> nn.Sequential:
    """The same layers without a group: as many channels, four times the weights."""
    layers: list[nn.Module] = []
    incoming = 3
    for fields in FIELDS:
        for _ in range(2):
            layers += [nn.Conv2d(incoming, 4 * fields, 3, padding=1, bias=False), nn.BatchNorm2d(4 * fields), nn.ReLU()]
            incoming = 4 * fields
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(incoming, CLASSES))


class Empty(ModuleType):
    """A module that has every name and nothing behind it."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def escnn_network() -> nn.Module | None:
    """The peer's network, and None where the peer is not installed."""
    for name in _LIE_LEARN:
        sys.modules.setdefault(name, Empty(name))
    try:
        gspaces, en = (import_module(f"escnn.{name}") for name in ("gspaces", "nn"))
    except ImportError:
        return None
    space = gspaces.rot2dOnR2(N=4)
    image = kind = en.FieldType(space, 3 * [space.trivial_repr])
    layers = []
    for fields in FIELDS:
        out = en.FieldType(space, fields * [space.regular_repr])
        for _ in range(2):
            convolution = en.R2Conv(kind, out, 3, padding=1, bias=False)
            layers += [convolution, en.InnerBatchNorm(out), en.ReLU(out, inplace=True)]
            kind = out
        layers.append(en.PointwiseMaxPool2D(kind, 2))
    features = en.SequentialModule(*layers, en.GroupPooling(kind))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features, self.head = features, nn.Linear(FIELDS[-1], CLASSES)

        def forward(self, images: Tensor) -> Tensor:
            maps = self.features(en.GeometricTensor(images, image)).tensor
            return self.head(maps.mean((2, 3)))

    return Network()


def training(network: nn.Module, images: Tensor, labels: Tensor) -> Variant:
    """Forward and backward, gradients accumulating."""

    def step() -> None:
        F.cross_entropy(network(images), labels).backward()

    network.train()
    return step


def evaluation(network: nn.Module, images: Tensor) -> Variant:
    """Forward without gradients, batch after batch."""

    @torch.inference_mode()
    def forward() -> list[Tensor]:
        return [network(images) for _ in range(EVALUATED)]

    return forward


def prediction(network: nn.Module, images: Tensor) -> Variant:
    """As a run predicts."""
    forward = evaluation(network, images)

    def predict() -> object:
        with kept_memory():
            return forward()

    return predict


def main() -> None:
    warnings.simplefilter("ignore")  # escnn's, of its own dependencies
    torch.manual_seed(0)
    images = torch.randn(BATCH, 3, SIDE, SIDE)
    beside, labels = images.contiguous(memory_format=torch.channels_last), torch.randint(0, CLASSES, (BATCH,))
    own = GroupCNN(CLASSES, (SIDE, SIDE), GroupCNNOptions(fields=FIELDS)).to(memory_format=torch.channels_last)
    cnn, peer = plain().to(memory_format=torch.channels_last), escnn_network()

    train = {
        "plain CNN, as many channels": training(cnn, beside, labels),
        "ours, P4": training(own, beside, labels),
    }
    if peer is not None:
        train["escnn, P4"] = training(peer, images, labels)
    with kept_memory():
        paired(f"training step, batch {BATCH}, {SIDE} px", train, base="plain CNN, as many channels", rounds=15)

    for network in (own, cnn, *([] if peer is None else [peer])):
        network.eval()
    folded = fold_batch_norm(own)
    check(own, folded, peer, beside)
    forward = {
        "plain CNN, as many channels": evaluation(cnn, beside),
        "ours, filters turned at each call": prediction(own, beside),
        "ours, folded": prediction(folded, beside),
    }
    dtype = interactive_dtype(beside.device)
    if dtype == torch.bfloat16:
        forward["ours, folded, bfloat16"] = prediction(fold_batch_norm(own, dtype), beside.to(dtype))
    else:
        print("this processor does not multiply bfloat16: that variant is left out")
    if peer is not None:
        forward["escnn, P4"] = evaluation(peer, images)
    base = "escnn, P4" if peer is not None else "plain CNN, as many channels"
    paired(f"evaluation, {EVALUATED} batches of {BATCH}, {SIDE} px", forward, base=base, rounds=5)


@torch.inference_mode()
def check(own: nn.Module, folded: nn.Module, peer: nn.Module | None, images: Tensor) -> None:
    """Equality before any time is taken."""
    turned = torch.rot90(images, 1, (2, 3))
    expected = own(images)
    pairs = {"folded": folded(images), "turned": own(turned), "folded and turned": folded(turned)}
    errors = {name: float((logits - expected).abs().max()) for name, logits in pairs.items()}
    if peer is not None:
        errors["escnn turned"] = float((peer(turned.contiguous()) - peer(images.contiguous())).abs().max())
    print("greatest difference of logits: " + ", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
    if max(errors.values()) > TOLERANCE:
        raise SystemExit("the networks do not agree")


if __name__ == "__main__":
    main()
