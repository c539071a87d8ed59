"""Where the product states each fact of the studies' files: a rule for each path or for all paths below one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import torch

from histo_core.config import ModelConfig, RunConfig
from histo_core.models.registry import MODELS, build_network
from histo_core.studies.recipes import Recipe

_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_WORD = re.compile(r"[a-z]{3,}")
_LIKE = 0.6
"""Share of a sentence's words that another one which says the same has."""
_SMALL_WORDS = {"the", "and", "are", "was", "which", "with", "for", "that", "this", "its", "not", "ours", "our", "than"}


class Study:
    """A recipe as what it says."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @cached_property
    def sentences(self) -> list[str]:
        recipe = self.recipe
        written = (*recipe.facts, *recipe.doubts, *recipe.ours, *recipe.wished, *(one.note for one in recipe.configs))
        found = (str(one.value) for stated in recipe.reported.values() for one in stated)
        return [*written, *found]

    def config(self, run: str) -> RunConfig:
        return self.recipe.run(run).config

    def reported(self, of: str, measure: str) -> object:
        return next((one.value for one in self.recipe.reported.get(of, ()) if one.measure == measure), None)

    def matrix(self, name: str) -> dict[str, list[int]]:
        found = next((one for one in self.recipe.confusions if one.name == name), None)
        return {} if found is None else dict(zip(found.classes, map(list, found.counts), strict=True))


Rule = Callable[[Study, str, Any], bool]


def figures(text: object) -> set[float]:
    """The numbers in a text; thousands may be separated, and 40x, 32x32 and 50% are read."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", str(text))
    plain = re.sub(r"(?<=\d)\s?x\s?(?=\d)|(?<=\d)[x%/](?!\w)|(?<=\d)/(?=\d)|\bx(?=\d)", " ", plain)
    plain = re.sub(r"(?<=\d)-(?=\d)|\bp(?=\s\.?\d)", " ", plain)
    return {float(one) for one in _NUMBER.findall(plain.replace("e-0", "e-"))}


def words(text: object) -> set[str]:
    return {one.rstrip("s") for one in _WORD.findall(str(text).lower().replace("_", " "))} - _SMALL_WORDS


def sentence(study: Study, path: str, value: Any) -> bool:
    """One sentence, or two that stand together, has all of the fact's numbers and most of its words."""
    asked = words(value)
    for text in _neighbours(study.sentences):
        if figures(value) <= figures(text) and len(asked & words(text)) >= _LIKE * max(len(asked), 1):
            return bool(asked or figures(value))
    return False


def spoken(*anchors: str, key: bool = False) -> Rule:
    """One sentence has all of these words and all of the fact's numbers; with ``key`` the path's last word, too."""

    def stated(study: Study, path: str, value: Any) -> bool:
        wanted = {*anchors, *([path.rpartition(".")[2].lower()] if key else [])}
        said = (text.lower() for text in study.sentences)
        return any(figures(value) <= figures(text) and all(one in text for one in wanted) for text in said)

    return stated


def config(runs: Iterable[str], field: str = "", **fields: str) -> Rule:
    """A field of these runs has the fact's value; of several fields the one that the path's last word names."""

    def stated(study: Study, path: str, value: Any) -> bool:
        name = field or fields.get(path.rpartition(".")[2], "")
        return bool(name) and all(_alike(_leaf(study.config(run), name), value) for run in runs)

    return stated


def reported(of: str, *measures: str, **named: str) -> Rule:
    """The study's number of that measure has the fact's value; the path's last word tells which of several."""

    def stated(study: Study, path: str, value: Any) -> bool:
        measure = measures[0] if measures else named.get(path.rpartition(".")[2], "")
        return _alike(study.reported(of, measure), value)

    return stated


def sweep(name: str, field: str) -> Rule:
    """A sweep of this name tries the fact's values."""

    def stated(study: Study, path: str, value: Any) -> bool:
        del path
        found = next(one for one in study.recipe.sweeps if one.name == name).fields[field]
        return isinstance(value, list) and [_listed(one) for one in found] == [_listed(one) for one in value]

    return stated


def equal(get: Callable[[Study], object]) -> Rule:
    """Something of the recipe has the fact's value."""
    return lambda study, path, value: _alike(get(study), value)


def every(*rules: Rule) -> Rule:
    """All rules hold."""
    return lambda study, path, value: all(rule(study, path, value) for rule in rules)


def table(of: str) -> Rule:
    """Precision, recall and F1 of a class or average, and how many images it has where the study's table says so."""

    def stated(study: Study, path: str, value: Any) -> bool:
        if not isinstance(value, list):
            return False
        name = path.rpartition(".")[2]
        name = f"{name} average" if name in ("micro", "macro", "weighted") else name
        rates = [study.reported(of, f"{measure} of {name}") for measure in ("precision", "recall", "F1")]
        images = study.reported("resnet34", f"test images of {name}") or study.reported(
            "resnet34", "test images in all"
        )
        return rates == value[:3] and images == value[3]

    return stated


def rates(study: Study, path: str, value: Any) -> bool:
    """BreaKHis: precision, recall or F1 of one class, by the last three words of the path."""
    _, of, name, measure, *_ = (*path.split("."), "", "", "")
    name = {"B": "benign", "M": "malignant", "weighted": "weighted average"}.get(name, name)
    return _alike(study.reported(of, f"{measure.replace('f1', 'F1')} of {name}"), value)


def matrix(study: Study, path: str, value: Any) -> bool:
    """BreaKHis: one row of a network's matrix."""
    _, of, _, true = path.split(".")
    return study.matrix(of).get({"B": "benign", "M": "malignant"}.get(true, "")) == value


def whole_matrix(name: str = "") -> Rule:
    """Neuroblastoma: a matrix, by its name or by the dropout that the path ends in."""

    def stated(study: Study, path: str, value: Any) -> bool:
        dropout = path.removeprefix("reported.dropout_confusion.")
        return list(study.matrix(f"resnet34, {name or f'dropout {dropout}'}").values()) == value

    return stated


def augment(runs: Iterable[str], **fields: Any) -> Rule:
    """These runs' augmentation has these values, and the words say what the study does."""
    return lambda study, path, value: (
        all(getattr(study.config(run).augment, name) == wanted for run in runs for name, wanted in fields.items())
        and any(figures(value) - {1.0} <= figures(text) for text in study.sentences)
    )


def layers(name: str, times: int = 1) -> Rule:
    """The network's convolutions have the channels that the study lists, in order; so many times ours."""

    def stated(study: Study, path: str, value: Any) -> bool:
        del path
        text = str(value).split("mean")[0].split("flatten")[0]
        wanted = [int(re.split(r"\s", one.strip())[-1]) for one in re.findall(r"(?:conv|P4\w+) [^,]*", text)]
        return bool(wanted) and [times * one for one in channels(study, name)] == wanted

    return stated


def channels(study: Study, name: str) -> list[int]:
    """Channels of each convolution of a run's network at 96 pixels; of a group's its fields."""
    return list(_channels(study.config(name).model.model_dump_json()))


@cache
def _channels(described: str) -> tuple[int, ...]:
    model = ModelConfig.model_validate_json(described)
    with torch.device("meta"):
        network = build_network(model, 2, (96, 96))
    found = (one for one in network.modules() if type(one).__name__ in ("Conv2d", "GroupConv2d"))
    return tuple(int(one.weight.shape[0]) for one in found)  # type: ignore[arg-type]


def networks(study: Study, path: str, value: Any) -> bool:
    """A list of networks, all of which some run trains."""
    del path
    names = value if isinstance(value, list) else [value]
    return {*names} <= {one.config.model.name for one in study.recipe.configs} and names[0] in MODELS


def _neighbours(texts: list[str]) -> list[str]:
    return [*texts, *(f"{one} {two}" for one, two in pairwise(texts))]


def _leaf(run: RunConfig, name: str) -> Any:
    value: Any = run.model_dump(mode="json")
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return words(theirs) <= words(ours) or ours == theirs.replace(" ", "_")
    return ours is not None and _listed(ours) == _listed(theirs)


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


EVERYWHERE: dict[str, Rule] = {
    "study": equal(lambda study: study.recipe.name),
    "title": equal(lambda study: study.recipe.source),
    "data.dataset": equal(lambda study: study.recipe.data),
    "doubt": sentence,
    "ours": sentence,
}
"""Rules of every study's file."""
