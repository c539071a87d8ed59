import numpy as np
import pytest
from sklearn.decomposition import PCA

from histo_core.auditing.embedding.pca import Covariance


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_the_same_axes_as_scikit_learn_however_far_the_mean(far: float) -> None:
    rng = np.random.default_rng(0)
    rows = far + rng.normal(size=(1000, 20)) @ rng.normal(size=(20, 20))
    covariance = Covariance()
    for start in range(0, 1000, 137):
        covariance.add(rows[start : start + 137])
    found, reference = covariance.components(2), PCA(2, svd_solver="full").fit(rows)
    np.testing.assert_allclose(found.axes.T, reference.components_, atol=1e-9)
    np.testing.assert_allclose(found.explained, reference.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(found.project(rows), reference.transform(rows), rtol=1e-5, atol=1e-5)


def test_rows_that_are_all_alike_explain_nothing() -> None:
    covariance = Covariance()
    covariance.add(np.ones((3, 4), np.float32))
    found = covariance.components(2)
    assert found.explained.tolist() == [0, 0]
    np.testing.assert_array_equal(found.project(np.ones((3, 4))), np.zeros((3, 2)))
