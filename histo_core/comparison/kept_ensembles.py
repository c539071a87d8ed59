"""Keep ensembles in the workspace under a name: how they are made, never a copy of predictions or labels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.ensemble_recipe import EnsembleRecipe, ensemble_recipe
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.errors import ComparisonError, ConfigError, HistoscopeError
from histo_core.files import read_json, write_json
from histo_core.storable import as_json, can_be_kept
from histo_core.workspace import Workspace

LONGEST_NAME = 120
_ID = re.compile(r"ensemble-[0-9a-f]{16}")


@dataclass(frozen=True)
class KeptEnsemble:
    """An ensemble that the workspace keeps.

    Attributes:
        id: "ensemble-" and 16 hex digits, made from the name and the recipe.
        name: given by who made it.
        recipe: kind, members and weights.
        made_at: ISO 8601 in UTC.
    """

    id: str
    name: str
    recipe: EnsembleRecipe
    made_at: str

    def predictions(self, load: Callable[[str], RunPredictions]) -> RunPredictions:
        """Compute its predictions from its members'.

        Args:
            load: returns a member's predictions by its id.

        Raises:
            ComparisonError: a member is gone or cannot be read, or as `ensemble`.
        """
        members = []
        for member in self.recipe.members:
            try:
                members.append(load(member))
            except HistoscopeError as error:
                raise ComparisonError(
                    f"The ensemble {self.name} ({self.id}) lacks its member {member}: {error.found}",
                    "All its members are needed.",
                    "Delete the ensemble, or make one of other members.",
                ) from None
        found = ensemble(members, self.recipe.kind, self.recipe.weights)
        return replace(found, run_id=self.id, name=self.name)


def keep_ensemble(name: str, recipe: EnsembleRecipe, workspace: Workspace) -> KeptEnsemble:
    """Keep how an ensemble is made; the same recipe under the same name is kept once.

    Raises:
        ConfigError: the name is empty, too long or cannot be kept.
        ComparisonError: a member is an ensemble itself, or as `ensemble_recipe`.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not can_be_kept(name) or not name.isprintable():
        raise ConfigError(
            f"name = {name[:LONGEST_NAME]!r}.", f"1 to {LONGEST_NAME} characters are expected.", "Name the ensemble."
        )
    recipe = ensemble_recipe(recipe.kind, recipe.members, recipe.weights)
    if nested := [member for member in recipe.members if is_ensemble(member)]:
        raise ComparisonError(
            f"{', '.join(nested)} is an ensemble itself.", "Members are single models.", "Choose its members instead."
        )
    facts: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "kind": recipe.kind,
        "members": list(recipe.members),
        "weights": None if recipe.weights is None else list(recipe.weights),
    }
    ensemble_id = f"ensemble-{hashlib.sha256(as_json(facts, sort_keys=True).encode()).hexdigest()[:16]}"
    file = _file(ensemble_id, workspace)
    if not file.is_file():
        write_json(file, facts | {"made_at": datetime.now(UTC).isoformat(timespec="seconds")})
    return get_ensemble(ensemble_id, workspace)


def is_ensemble(entry: str) -> bool:
    """Return whether an id is that of a kept ensemble."""
    return bool(_ID.fullmatch(entry))


def get_ensemble(ensemble_id: str, workspace: Workspace) -> KeptEnsemble:
    """Return a kept ensemble by its id.

    Raises:
        ComparisonError: there is none, or its file cannot be read.
    """
    unknown = ComparisonError(
        f"There is no ensemble {ensemble_id!r} that can be read.", "The id of a list is expected.", "Make it again."
    )
    if not is_ensemble(ensemble_id):
        raise unknown
    try:
        facts = read_json(_file(ensemble_id, workspace))
        weights = facts["weights"]
        recipe = ensemble_recipe(
            facts["kind"], list(map(str, facts["members"])), None if weights is None else list(map(float, weights))
        )
        return KeptEnsemble(ensemble_id, str(facts["name"]), recipe, str(facts["made_at"]))
    except (OSError, ValueError, KeyError, TypeError, ComparisonError):
        raise unknown from None


def list_ensembles(workspace: Workspace) -> Sequence[KeptEnsemble]:
    """Return all ensembles that can be read, the latest first."""
    found = []
    for file in _home(workspace).glob("ensemble-*.json"):
        try:
            found.append(get_ensemble(file.stem, workspace))
        except ComparisonError:
            continue
    return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)


def delete_ensemble(ensemble_id: str, workspace: Workspace) -> None:
    """Delete an ensemble; its members stay.

    Raises:
        ComparisonError: there is none of this id.
    """
    _file(get_ensemble(ensemble_id, workspace).id, workspace).unlink(missing_ok=True)


def _file(ensemble_id: str, workspace: Workspace) -> Path:
    return _home(workspace) / f"{ensemble_id}.json"


def _home(workspace: Workspace) -> Path:
    return workspace.home / "ensembles"
