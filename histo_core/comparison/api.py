"""Compare runs, or predictions from anywhere, with one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from histo_core.access import LOCAL, User, authorise
from histo_core.comparison.compare import at_threshold
from histo_core.comparison.compare import compare as compare_joined
from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.ensemble_recipe import parse_recipe
from histo_core.comparison.entries import is_run, load_entry, runs_behind
from histo_core.comparison.from_arrays import joined_arrays
from histo_core.comparison.join import join, load
from histo_core.comparison.kept import kept_auroc_results
from histo_core.comparison.looks import record_look
from histo_core.comparison.results import Comparison
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.threshold import DEFAULT, ThresholdRule, parse_threshold
from histo_core.comparison.training_set import need_training_set
from histo_core.data.grouping import GroupKind
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.validation import Groups
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def compare(
    runs: Sequence[Run | str],
    workspace: Workspace | None = None,
    *,
    split_set: str = "test",
    shared_only: bool = False,
    threshold: float | str | ThresholdRule = DEFAULT,
    class_of_interest: str | None = None,
    comparator: str | None = None,
    classes: Mapping[str, str] | None = None,
    ensembles: Sequence[str] = (),
    confidence: float = CONFIDENCE,
    prevalence: float | None = None,
    user: User = LOCAL,
) -> Comparison:
    """Compare succeeded runs on the same patches: AUROC and rates with intervals, paired differences, and a verdict.

    Predictions of a run on other data, predictions from another program, and ensembles can stand beside runs.

    Runs whose splits differ are refused, because one may have trained on the other's test set. Each set of runs that is
    compared on the test set counts as one look at it.

    Args:
        runs: runs or their ids; ids of predictions on other data (`histo_core.prediction.stored`), of imported
            predictions (`histo_core.comparison.imported`), or of ensembles (`histo_core.comparison.kept_ensembles`).
        workspace: the workspace that holds them; None takes the default one.
        split_set: test, valid or train.
        shared_only: compare on the samples that all runs have, although splits or samples differ.
        threshold: probability from which a patch is predicted as the class of interest, 0 to 1; or a rule that chooses
            it on each run's own validation set, such as ``"validation:youden"``.
        class_of_interest: a class name; None takes the positive class of the data.
        comparator: id of the run, named beforehand, that the others are tested against; None tests all pairs.
        classes: for classes of the other runs the class of the first one that they stand for; names that differ in
            case, spelling or declared synonyms alone are matched without it.
        ensembles: kinds of ensembles of all ``runs`` that are neither ensembles nor imported, to compare beside them:
            vote, mean, rank, stacking, or weighted with a weight for each of them, as in ``"weighted:0.7,0.3"``.
        confidence: confidence of all intervals, 0 to 1.
        prevalence: the share of the class of interest where the models will be used, between 0 and 1; PPV, NPV,
            accuracy, F1 and all else that depends on it are reweighted to it. None takes the patches as they are.
        user: the user who compares.

    Returns:
        ``.verdict`` says in one sentence which run is best and which ones it differs from; ``.table()`` has one row a
        run, ``.difference_table()`` one a pair.

    Raises:
        PermissionDeniedError: the user may not read a run.
        RunError: there is no such run, or there are no such predictions.
        ComparisonError: a run has not succeeded, runs must not be compared, or an argument is not allowed.
        DataError: the prevalence does not lie between 0 and 1.

    Example:
        Two runs of one network with two seeds, trained in this process instead of by the supervisor.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import RunConfig, Workspace, compare, launch
        >>> from histo_core.runs.worker.worker import work
        >>> config = {
        ...     "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
        ...     "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
        ...     "train": {"epochs": 1, "device": "cpu"},
        ... }
        >>> configs = [RunConfig.parse({**config, "seed": seed}) for seed in (0, 1)]
        >>> with TemporaryDirectory() as home:
        ...     workspace = Workspace(Path(home))
        ...     runs = [launch(config, workspace, start_supervisor=False) for config in configs]
        ...     ended = [work(run.run_id, workspace) for run in runs]
        ...     found = compare(runs, workspace)
        >>> found.n, found.n_groups, len(found.results), len(found.differences)
        (20, 5, 2, 1)
    """
    rule = threshold if isinstance(threshold, ThresholdRule) else parse_threshold(threshold)
    workspace = workspace or Workspace.default()
    ids = [run if isinstance(run, str) else run.run_id for run in runs]
    for run_id in ids:
        authorise(user, "run.read", run_id)
    store = Store.open(workspace)
    found = {run_id: store.get(run_id) for run_id in ids if is_run(run_id)}
    loaded: list[RunPredictions] = [
        load(found[name], workspace) if name in found else load_entry(name, workspace) for name in ids
    ]
    if split_set == "train":
        loaded = [
            need_training_set(one, found[one.run_id], workspace) if one.run_id in found else one for one in loaded
        ]
    looked_at = [found[name] if name in found else store.get(name) for name in runs_behind(loaded)]
    loaded += _ensembles(loaded, ensembles, classes)
    joined = join(loaded, split_set, shared_only=shared_only, classes=classes)
    aurocs = kept_auroc_results(joined, workspace, class_of_interest, comparator=comparator, confidence=confidence)
    result = at_threshold(joined, aurocs, rule, prevalence)
    if split_set != "test" or not looked_at:
        return result
    others = [one.run_id for one in loaded if one.run_id not in found]
    return replace(result, looks=record_look(looked_at, workspace, others))


def _ensembles(
    loaded: Sequence[RunPredictions], kinds: Sequence[str], classes: Mapping[str, str] | None
) -> list[RunPredictions]:
    members = [one for one in loaded if one.recipe is None and not one.imported]
    recipes = [parse_recipe(text, [one.run_id for one in members]) for text in dict.fromkeys(kinds)]
    return [ensemble(members, recipe.kind, recipe.weights, classes=classes) for recipe in recipes]


def compare_predictions(
    y_true: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    groups: Groups = None,
    *,
    classes: Sequence[str] | None = None,
    class_of_interest: str | None = None,
    threshold: float | ThresholdRule = DEFAULT,
    comparator: str | None = None,
    confidence: float = CONFIDENCE,
    prevalence: float | None = None,
    group_kind: GroupKind = "patient",
) -> Comparison:
    """Compare models by their predictions of the same held-out samples, wherever they were trained.

    Args:
        y_true: the label of each sample [n]: its class's number from 0, or its name where ``classes`` are given.
        predictions: name of a model -> its probabilities [n, classes], whose rows sum to 1; or, for two classes, the
            probabilities of the second one [n].
        groups: patient (else slide) ids [n], so that patches of one patient do not count as independent; None takes
            samples as independent.
        classes: names of the classes, in the order of the columns; None names them by their numbers.
        class_of_interest: name of the class whose probability is used for ROC curves and rates; None takes the last.
        threshold: probability from which a sample is predicted as the class of interest, 0 to 1.
        comparator: name of the model, chosen beforehand, that the others are tested against; None tests all pairs.
        confidence: confidence of all intervals, 0 to 1.
        prevalence: as in `compare`.
        group_kind: "patient" or "slide".

    Returns:
        The same result as `compare`.

    Raises:
        ComparisonError: arrays do not fit each other, numbers are not probabilities, labels are no class, or an
            argument is not allowed.

    Example:
        >>> import numpy as np
        >>> from histo_core import compare_predictions
        >>> random = np.random.default_rng(0)
        >>> patient = np.repeat(np.arange(30), 10)
        >>> y_true = random.integers(0, 2, 300)
        >>> good = np.clip(0.5 + 0.3 * (y_true - 0.5) + random.normal(0, 0.1, 300), 0, 1)
        >>> found = compare_predictions(y_true, {"good": good, "guess": random.uniform(size=300)}, patient)
        >>> print(found.verdict)
        good has the highest AUROC, 0.980 (0.951 to 0.991); it is better than guess on these 30 patients.
    """
    joined = joined_arrays(y_true, predictions, groups, classes=classes, group_kind=group_kind)
    return compare_joined(
        joined,
        threshold=threshold,
        class_of_interest=class_of_interest,
        comparator=comparator,
        confidence=confidence,
        prevalence=prevalence,
    )
