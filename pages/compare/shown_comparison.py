"""What a tab of Compare gets: the comparison at the page's threshold, and what it was made of."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from histo_core.comparison.aurocs import AurocResults
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison


@dataclass(frozen=True, eq=False)
class ShownComparison:
    """The comparison at the page's threshold.

    Attributes:
        key: identifies the runs, set and class, as in `pages.shared.cache.cache_runs.aurocs`; not the threshold.
        joined, aurocs: of these runs; they do not depend on the threshold.
        comparison: at the threshold.
    """

    key: Hashable
    joined: Joined
    aurocs: AurocResults
    comparison: Comparison

    @property
    def key_at_threshold(self) -> Hashable:
        """Return what identifies everything that depends on the threshold and the prevalence, for a cache."""
        return self.key, str(self.comparison.rule), self.comparison.prevalence

    @property
    def key_at_prevalence(self) -> Hashable:
        """Return what identifies everything that depends on the prevalence, and not on the threshold, for a cache."""
        return self.key, self.comparison.prevalence
