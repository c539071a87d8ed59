"""Add the slices and the cases of a comparison to what ``compare`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from histo_core.cli.output import say, table
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame

    from histo_core.comparison.results import Comparison
    from histo_core.comparison.slices import Slice, Slices

SHOWN = 20
"""The most patches that are printed; with ``--json`` all are."""


def facts_of(result: Comparison) -> DataFrame:
    """Return the data set's columns for the compared samples; patient or slide alone where it cannot be opened."""
    from histo_core.comparison.entry_data import data_of
    from histo_core.comparison.sample_facts import sample_facts
    from histo_core.data.opening import open_dataset
    from histo_core.errors import HistoscopeError

    workspace = Workspace.default()
    data = data_of([one.run_id for one in result.results], workspace)
    try:
        source = None if data is None else open_dataset(data, workspace)
    except HistoscopeError:  # a comparison is there without the data
        source = None
    return sample_facts(result, source)


def slices_json(result: Comparison, facts: DataFrame, column: str | None) -> dict[str, Any]:
    """Return ``slices``, one entry a slice, and ``interaction``, one a column.

    Args:
        result: the comparison.
        facts: from `facts_of`.
        column: the one to slice by; None takes the data set's own with 2 to 20 values.
    """
    from histo_core.comparison.sample_facts import own_slices
    from histo_core.comparison.slices import slices

    found = [slices(result, facts, one) for one in ([column] if column else own_slices(facts))]
    return {
        "slices": [_slice(one) for by in found for one in by.slices],
        "interaction": [_interaction(by) for by in found],
    }


def cases_json(result: Comparison, facts: DataFrame, rule: str | None) -> dict[str, Any]:
    """Return ``cases``: the rule, its order, and one row a patch; null without a rule."""
    from histo_core.comparison.cases import case_table, cases

    if rule is None:
        return {"cases": None}
    found = cases(result, rule, facts=facts, pool=_pool(result, rule))
    rows = case_table(result, found).to_dict("records")
    return {"cases": {"rule": str(found.rule), "order": found.order, "note": found.note, "rows": rows}}


def print_slices(result: Comparison, facts: DataFrame, column: str) -> None:
    """Print each model's metrics by slice, and the test of interaction."""
    from histo_core.comparison.slices import slices
    from histo_core.comparison.slices_shown import interaction_sentence, slices_table

    found = slices(result, facts, column)
    for run_id, name in found.runs.items():
        say(f"\n{name} ({run_id}) by {column}:")
        _table(slices_table(found, run_id, histograms=False))
    say(interaction_sentence(found))


def print_cases(result: Comparison, facts: DataFrame, rule: str) -> None:
    """Print the first patches that a rule picks."""
    from histo_core.comparison.cases import case_table, cases
    from histo_core.comparison.offered_cases import rule_words

    found = cases(result, rule, facts=facts, pool=_pool(result, rule))
    say(f"\nPatches that {rule_words(found.rule, result)}: {len(found.rows):,}; {found.order}. {found.note}".rstrip())
    if len(found.rows):
        _table(case_table(result, found).head(SHOWN))


def _pool(result: Comparison, rule: str) -> Any:
    from histo_core.comparison.case_rules import parse_case_rule
    from histo_core.experiments.out_of_fold import out_of_fold

    if parse_case_rule(rule).kind != "label-errors":
        return None
    return out_of_fold([one.run_id for one in result.results], Workspace.default())


def _slice(one: Slice) -> Mapping[str, Any]:
    from histo_core.cli.compare_json import interval_json

    return {
        "column": one.column,
        "value": one.value,
        "n": one.n,
        "n_groups": one.n_groups,
        "support": one.support,
        "runs": [
            {"run_id": run_id, "metrics": {name: interval_json(known) for name, known in metrics.items()}}
            for run_id, metrics in one.metrics.items()
        ],
    }


def _interaction(found: Slices) -> Mapping[str, Any]:
    ids = list(found.runs)
    return {
        "column": found.column,
        "design": found.interaction.design,
        "method": found.interaction.method,
        "n_slices": found.interaction.n_slices,
        "tests": [
            {
                "first": ids[one.first],
                "other": None if one.second is None else ids[one.second],
                "p_value": one.p_value,
                "p_corrected": one.p_corrected,
            }
            for one in found.interaction.tests
        ],
    }


def _table(frame: DataFrame) -> None:
    table(tuple(map(str, frame.columns)), [tuple(map(str, row)) for row in frame.itertuples(index=False)])
