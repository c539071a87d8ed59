from __future__ import annotations

import torch

from histo_core.config import ModelConfig
from histo_core.models.registry import build_model


def test_the_map_is_read_cell_by_cell_in_raster_order() -> None:
    """Against Elman's equation, h_t = tanh(W x_t + b + U h_(t-1) + c), stepped by hand."""
    torch.manual_seed(0)
    model = build_model(ModelConfig(name="cnn_rnn"), 2, (24, 16)).eval()
    images = torch.rand(2, 3, 24, 16)
    with torch.no_grad():
        maps = model.stack(images)
        assert maps.shape == (2, 48, 3, 2)
        hidden, steps = torch.zeros(2, 12), []
        for row in range(3):
            for column in range(2):
                incoming = maps[:, :, row, column] @ model.rnn.weight_ih_l0.T + model.rnn.bias_ih_l0
                hidden = torch.tanh(incoming + hidden @ model.rnn.weight_hh_l0.T + model.rnn.bias_hh_l0)
                steps.append(hidden)
        expected = model.head(torch.cat(steps, dim=1))
        torch.testing.assert_close(model(images), expected)
        torch.testing.assert_close(model(images.contiguous(memory_format=torch.channels_last)), expected)
