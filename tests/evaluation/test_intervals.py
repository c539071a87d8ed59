import pytest
from scipy import stats

from histo_core.evaluation.intervals import Interval, limit_when_all_agree


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_limit_when_all_agree_is_clopper_and_pearsons(n: int) -> None:
    expected = stats.binomtest(n, n).proportion_ci(0.95, method="exact").low
    assert limit_when_all_agree(n, 0.95) == pytest.approx(expected)


def test_no_trial_says_nothing() -> None:
    found = Interval.undefined("no positive sample")
    assert not found.defined
    assert str(found) == "not defined"
    assert found.method == "no positive sample"
    assert limit_when_all_agree(0) == 0


def test_three_decimals_for_a_page() -> None:
    assert str(Interval(0.9131, 0.8709, 0.9461, "DeLong")) == "0.913 (0.871 to 0.946)"
    assert str(Interval(1, 0.9854, 1, "exact")) == "1.000 (0.985 to 1.000)"
