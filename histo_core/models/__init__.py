"""models."""

from histo_core.models import (
    all_cnn,
    cnn,
    cnn_rnn,
    convnext,
    densenet,
    efficientnet,
    gcnn,
    gcnn_flat,
    inception,
    p4m_densenet,
    p4m_resnet,
    resnet,
    squeezenet,
    vgg,
    vit,
    xception,
)

__all__ = [
    "all_cnn",
    "cnn",
    "cnn_rnn",
    "convnext",
    "densenet",
    "efficientnet",
    "gcnn",
    "gcnn_flat",
    "inception",
    "p4m_densenet",
    "p4m_resnet",
    "resnet",
    "squeezenet",
    "vgg",
    "vit",
    "xception",
]
