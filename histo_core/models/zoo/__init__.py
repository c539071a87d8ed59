"""Networks, one family a file, each of which enters the registry when it is imported."""

from histo_core.models.zoo import (  # noqa: F401 (they register themselves)
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
