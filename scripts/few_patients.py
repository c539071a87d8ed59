"""What a classifier on frozen features reaches with few patients, by folds within training and validation patients.

    python -m scripts.few_patients --data ../shared/data
    python -m scripts.few_patients --data ../shared/data --runs

The rule of `histo_core.recommendation.backbone` was chosen by it. The data are BreaKHis: each of five splits has 25
patients to train and validate with, of whom 6 are benign. They are divided into five folds by patient; the pooled AUROC
of the folds is printed. A split's test patients have no part in it. Colours are as they are: features of the
eight symmetries are computed once, and each epoch sees one of them; a third row has eight variants with other colours.

With ``--runs`` the recommended run itself is trained in the folds of the first split, with the backbone frozen and
trained: ten runs, which go on where they were stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor, nn

from histo_core.config import AugmentConfig, ModelConfig, PreprocessConfig, RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import DataNotFoundError
from histo_core.models.registry import build_model
from histo_core.models.weights.at_hand import weights_at_hand
from histo_core.recommendation.api import recommend_run
from histo_core.workspace import Workspace
from scripts.recommended_table import Scores
from scripts.results import predicted_once

_SIDES, _SPLITS, _FOLDS, _VIEWS = (96, 128, 160, 224), 5, 5, 8
_COLOURS = AugmentConfig(jitter=0.1, hue=0.02, stain=0.05)
_BATCH, _EPOCHS, _RATE, _DECAY = 32, 30, 1e-3, 0.99
Scorer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From features [n, 8, k] and labels [n] of some patches and features [m, 8, k] of others to scores [m]."""


@torch.inference_mode()
def features(dataset: Dataset, side: int, weights: str, workspace: Workspace, *, colours: bool = False) -> np.ndarray:
    """Return SqueezeNet's last map, averaged over the patch, of eight views: float32 [n, 8, 512].

    They are the eight symmetries; with ``colours`` flips, turns and other colours, as an epoch would draw them.
    """
    config = ModelConfig(name="squeezenet1_1", weights=weights)
    network = build_model(config, 2, (side, side), workspace).get_submodule("features").eval()
    preprocess = Preprocess(PreprocessConfig(resize=side))
    found = []
    for row in range(len(dataset)):
        rows = np.array([row])
        shaped = preprocess.geometry(dataset.read(rows))
        if colours:
            drawn = (preprocess.augmented(shaped, _COLOURS, seed=0, epoch=view, samples=rows) for view in range(_VIEWS))
            views = torch.cat(list(drawn))
        else:
            (image,) = preprocess.normalise(shaped)
            views = torch.stack([view.rot90(turns, (1, 2)) for view in (image, image.flip(2)) for turns in range(4)])
        found.append(network(views).mean(dim=(2, 3)).numpy())
    return np.stack(found)


def logistic_regression(train: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Fit a logistic regression on all views; score by the mean of the log odds over the views."""
    fitted = LogisticRegression(C=10, class_weight="balanced", max_iter=500)
    fitted.fit(train.reshape(-1, train.shape[2]), np.repeat(labels, _VIEWS))
    return fitted.decision_function(others.reshape(-1, others.shape[2])).reshape(-1, _VIEWS).mean(axis=1)


def dense(train: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Train the recommended classifier as the recommended run does; score by the mean probability over the views."""
    torch.manual_seed(0)
    inputs, truth, n = torch.from_numpy(train), torch.from_numpy(labels), len(labels)
    head = nn.Sequential(nn.Linear(train.shape[2], 512), nn.ReLU(), nn.Linear(512, 2))
    optimizer = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=0.05)
    steps = -(-n // _BATCH) * _EPOCHS
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1, cycle_momentum=False)
    loss_of = nn.CrossEntropyLoss(weight=n / (2 * torch.bincount(truth)), label_smoothing=0.05)
    mean = [weight.detach().clone() for weight in head.parameters()]
    for step, rows in enumerate(_order(n)):
        optimizer.zero_grad()
        views = torch.randint(0, _VIEWS, (len(rows),))
        loss_of(head(inputs[rows, views]), truth[rows]).backward()
        optimizer.step()
        schedule.step()
        decay = min(_DECAY, (1 + step) / (10 + step))
        for average, weight in zip(mean, head.parameters(), strict=True):
            average.lerp_(weight.detach(), 1 - decay)
    with torch.no_grad():
        for average, weight in zip(mean, head.parameters(), strict=True):
            weight.copy_(average)
        return head(torch.from_numpy(others)).softmax(dim=2)[:, :, 1].mean(dim=1).numpy()


def _order(n: int) -> Iterator[Tensor]:
    for _ in range(_EPOCHS):
        yield from torch.randperm(n).split(_BATCH)


def pooled(scorer: Scorer, seen: np.ndarray, found: np.ndarray, labels: np.ndarray, patients: np.ndarray) -> float:
    """Return the AUROC of the predictions of all folds together.

    Args:
        scorer: learns and predicts.
        seen: features to learn from, float32 [n, 8, k].
        found: features to predict from, likewise.
        labels: int64 [n].
        patients: object [n].
    """
    scores, folds = np.full(len(labels), np.nan), StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    for train, others in folds.split(found, labels, patients):
        scores[others] = scorer(seen[train], labels[train], found[others])
    return float(roc_auc_score(labels, scores))


def of_runs(base: RunConfig, backbone: str, workspace: Workspace) -> float:
    """Return the pooled validation AUROC of the recommended run in five folds, with the test patients held out."""
    tables = []
    for fold in range(_FOLDS):
        folds = {"split.folds": _FOLDS, "split.fold": fold, "split.hold_out": True}
        config = recommend_run(base, {"train.backbone": backbone, **folds}, workspace).config
        dataset = open_dataset(config.data, workspace)
        split, folder = make_split(dataset, config.split), workspace.home / "few_patients" / f"{backbone} {fold}"
        tables.append(predicted_once(config, dataset, split, folder, workspace, ("valid",)))
    scores = Scores.of(pd.concat(tables))
    return scores.auroc


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table: a row a size and classifier, with the pooled AUROC of each split's folds."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets and of weights")
    parser.add_argument("--home", type=Path, default=Path("build"), help="where trained networks are kept")
    parser.add_argument("--runs", action="store_true", help="train the recommended run in the folds of one split")
    parser.add_argument("--side", type=int, action="append", help="pixels; else 96, 128, 160 and 224")
    options = parser.parse_args(arguments)
    data: Path = options.data.resolve()
    workspace = Workspace(options.home.resolve(), (data,))
    base = RunConfig.parse({"data": {"dataset": "breakhis", "root": str(data / "breakhis_224")}})
    if options.runs:
        for backbone in ("frozen", "trained"):
            print(f"{backbone}: pooled AUROC of the folds {of_runs(base, backbone, workspace):.3f}", flush=True)
        return
    dataset, weights = open_dataset(base.data, workspace), weights_at_hand("squeezenet1_1", workspace, base.data.root)
    if weights is None:
        raise DataNotFoundError("SqueezeNet's weights are not at hand.", "A file beside the data.", "Put it there.")
    labels, patients = dataset.table["label"].to_numpy(np.int64), dataset.table["patient_id"].to_numpy(object)
    splits = [make_split(dataset, base.split.model_copy(update={"seed": seed})) for seed in range(_SPLITS)]
    own = [np.sort(np.concatenate([split.indices("train"), split.indices("valid")])) for split in splits]
    print("| side | classifier | five splits | mean |\n| --- | --- | --- | --- |")
    for side in options.side or _SIDES:
        plain, coloured = (features(dataset, side, weights, workspace, colours=colours) for colours in (False, True))
        for name, scorer, seen in (
            ("logistic regression", logistic_regression, plain),
            ("512 units", dense, plain),
            ("512 units, other colours", dense, coloured),
        ):
            aurocs = [pooled(scorer, seen[rows], plain[rows], labels[rows], patients[rows]) for rows in own]
            shown = ", ".join(f"{value:.3f}" for value in aurocs)
            print(f"| {side} px | {name} | {shown} | {np.mean(aurocs):.3f} |", flush=True)


if __name__ == "__main__":
    main()
