"""Networks. Importing a member registers it."""

from histo_core.models import cnn, cnn_rnn, gcnn, resnet

__all__ = ["cnn", "cnn_rnn", "gcnn", "resnet"]
