"""DeLong's areas, variances and tests against R's pROC.

asah.csv: 113 patients with aneurysmal subarachnoid haemorrhage (Turck et al. 2010, Intensive Care Med. 36:107), the
data set that pROC shows its numbers on. The numbers were printed by pROC 1.18.0 under R 4.2.2 (Debian's r-cran-proc):
``auc``, ``var``, ``cov`` and ``roc.test(method="delong", paired=TRUE)``.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.evaluation.auroc import auroc_difference
from histo_core.evaluation.delong import delong, delong_test

DATA = Path(__file__).with_name("asah.csv")
AREAS = [0.823678861788618, 0.731368563685637, 0.611957994579946]
VARIANCES = [0.00146991470882363, 0.00266868245717244, 0.0031908105493913]
PAIRS = {  # z, P, covariance
    (0, 1): (2.20898359144091, 0.0271757822291882, 0.00119615567376754),
    (0, 2): (2.79777591868904, 0.00514557970691098, -0.000532967856762438),
    (1, 2): (1.39077002573558, 0.164295175223054, -0.000756164938056579),
}


@pytest.fixture(scope="module")
def asah() -> tuple[np.ndarray, np.ndarray]:
    """Outcome [113] and the scores of wfns, s100b and ndka [3, 113]."""
    table = pd.read_csv(DATA)
    return table["outcome"].to_numpy(), table[["wfns", "s100b", "ndka"]].to_numpy(np.float64).T


def test_areas_and_covariances_are_those_of_proc(asah: tuple[np.ndarray, np.ndarray]) -> None:
    areas, covariance = delong(*asah)
    np.testing.assert_allclose(areas, AREAS, rtol=1e-13)
    np.testing.assert_allclose(np.diag(covariance), VARIANCES, rtol=1e-12)
    for pair, (_, _, expected) in PAIRS.items():
        assert covariance[pair] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_three_tests_are_those_of_proc(asah: tuple[np.ndarray, np.ndarray], pair: tuple[int, int]) -> None:
    y, scores = asah
    z, p, _ = PAIRS[pair]
    assert delong_test(y, scores[pair[0]], scores[pair[1]]) == pytest.approx((z, p), rel=1e-10)
    ours = auroc_difference(y, scores[pair[0]], scores[pair[1]])
    assert ours is not None
    assert ours.p_value is not None
    assert p < ours.p_value < 2 * p  # t and logits make the test of 113 patients a little more careful


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is missing: apt-get install r-cran-proc")
def test_proc_itself_prints_them() -> None:
    script = f"""
        suppressMessages(library(pROC)); options(digits = 15); d <- read.csv("{DATA}")
        r <- lapply(c("wfns", "s100b", "ndka"), function(v) roc(d$outcome, d[[v]], quiet = TRUE, direction = "<"))
        for (x in r) cat(auc(x), var(x), "\\n")
        for (p in list(c(1, 2), c(1, 3), c(2, 3))) {{
          t <- roc.test(r[[p[1]]], r[[p[2]]], method = "delong", paired = TRUE)
          cat(t$statistic, t$p.value, cov(r[[p[1]]], r[[p[2]]]), "\\n")
        }}
    """
    out = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True, timeout=120).stdout
    printed = [[float(number) for number in line.split()] for line in out.splitlines()]
    np.testing.assert_allclose(printed[:3], np.transpose([AREAS, VARIANCES]), rtol=1e-12)
    np.testing.assert_allclose(printed[3:], list(PAIRS.values()), rtol=1e-10)
