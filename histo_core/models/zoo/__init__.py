"""Networks, one family a file; importing a family registers its networks."""

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
