from __future__ import annotations

import pytest
import torch

from histo_core.models.inference.probabilities import evidence, log_odds, log_probabilities, probabilities

LOGITS = torch.tensor([[1.0, -2.0], [0.0, 0.0], [-3.0, 4.0]], dtype=torch.float64)


def test_softmax_is_torchs_for_any_number_of_classes() -> None:
    five = torch.linspace(-3, 3, 20, dtype=torch.float64).view(4, 5)
    assert torch.allclose(probabilities(five, "softmax"), five.softmax(1))


def test_one_output_is_its_sigmoid() -> None:
    z = torch.tensor([-2.0, 0.0, 5.0], dtype=torch.float64)
    result = probabilities(torch.stack([torch.zeros_like(z), z], dim=1), "sigmoid")
    assert torch.allclose(result[:, 1], z.sigmoid())
    assert torch.allclose(result.sum(1), torch.ones_like(z))


def test_sigmoids_are_divided_by_their_sum() -> None:
    each = LOGITS.sigmoid()
    assert torch.allclose(probabilities(LOGITS, "sigmoids"), each / each.sum(1, keepdim=True))


@pytest.mark.parametrize("output", ["softmax", "sigmoids"])
def test_far_out_the_logarithm_stays_finite(output: str) -> None:
    far = torch.tensor([[-200.0, -1000.0], [900.0, -900.0]])
    assert log_probabilities(far, output).isfinite().all()
    assert torch.allclose(probabilities(far, output), torch.tensor([[1.0, 0.0], [1.0, 0.0]]))


def test_precision_is_kept() -> None:
    assert probabilities(LOGITS, "sigmoids").dtype == torch.float64
    assert probabilities(LOGITS.float(), "softmax").dtype == torch.float32


def test_what_speaks_for_a_class() -> None:
    assert [evidence("sigmoid", target) for target in (0, 1)] == [(1, -1.0), (1, 1.0)]
    assert [evidence("softmax", target) for target in (0, 3)] == [(0, 1.0), (3, 1.0)]


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "sigmoids"])
def test_log_odds_are_those_of_the_probabilities(output: str) -> None:
    logits = torch.tensor([[0.0, 1.2], [0.0, -3.0]], dtype=torch.float64)
    for target in (0, 1):
        p = probabilities(logits, output)[:, target]
        torch.testing.assert_close(log_odds(logits, output, target), torch.log(p / (1 - p)))
    three = torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64)
    p = probabilities(three, "softmax")[:, 2]
    torch.testing.assert_close(log_odds(three, "softmax", 2), torch.log(p / (1 - p)))


def test_log_odds_stay_finite_where_a_probability_rounds_to_one() -> None:
    assert log_odds(torch.tensor([[0.0, 200.0]]), "softmax", 1).tolist() == [200]
    assert log_odds(torch.tensor([[0.0, 200.0]]), "softmax", 0).tolist() == [-200]
