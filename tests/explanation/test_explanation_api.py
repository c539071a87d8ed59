"""`explain`: one call gives what the method's own class gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from histo_core import explain
from histo_core.errors import ConfigError, ExplanationError, UnknownNameError
from histo_core.explanation.gradcam import GradCam, GradCamOptions
from histo_core.explanation.lime import Lime, LimeOptions
from histo_core.models.inference.predictor import Predictor

MakePredictor = Callable[..., Predictor]


def test_gradcam_is_the_method_unless_another_is_named(make_predictor: MakePredictor, image: np.ndarray) -> None:
    predictor = make_predictor()
    found, expected = explain(predictor, image), GradCam().explain(predictor, image)
    assert found.method == "gradcam"
    np.testing.assert_array_equal(found.map, expected.map)
    assert (found.target, found.probability, found.influence) == (
        expected.target,
        expected.probability,
        expected.influence,
    )
    assert found.influence is not None


def test_options_go_to_the_method(make_predictor: MakePredictor, image: np.ndarray) -> None:
    predictor = make_predictor()
    signed = explain(predictor, image, relu=False)
    np.testing.assert_array_equal(signed.map, GradCam(GradCamOptions(relu=False)).attribute(predictor, image).map)
    found = explain(predictor, image, "lime", samples=100, seed=4)
    np.testing.assert_array_equal(found.map, Lime(LimeOptions(samples=100, seed=4)).attribute(predictor, image).map)
    assert (found.seed, found.parameters["samples"]) == (4, 100)


def test_a_class_is_named_or_numbered(make_predictor: MakePredictor, image: np.ndarray) -> None:
    predictor = make_predictor()
    for name, number in (("normal", 0), ("tumour", 1)):
        named, numbered = explain(predictor, image, target=name), explain(predictor, image, target=number)
        assert (named.target, named.target_name) == (number, name)
        np.testing.assert_array_equal(named.map, numbered.map)


def test_what_is_not_there_is_refused_in_words(make_predictor: MakePredictor, image: np.ndarray) -> None:
    predictor = make_predictor()
    with pytest.raises(UnknownNameError, match=r"'gradcm'\. Known: .*Did you mean 'gradcam'"):
        explain(predictor, image, "gradcm")
    with pytest.raises(ConfigError, match="sample is not a known field"):
        explain(predictor, image, "lime", sample=100)
    with pytest.raises(ExplanationError, match=r"'tumor' is no class of this model\. Classes: normal, tumour\."):
        explain(predictor, image, target="tumor")
    with pytest.raises(ExplanationError, match="Class number 2"):
        explain(predictor, image, target=2)
    with pytest.raises(ExplanationError, match="float64"):
        explain(predictor, image / 255)
