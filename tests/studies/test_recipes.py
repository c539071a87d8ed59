import pytest

from histo_core.config import RunConfig, parse_config
from histo_core.data.base import DATASETS
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import STUDIES, NamedConfig, Recipe

RECIPES = [pytest.param(recipe, id=name) for name, recipe in STUDIES.items()]
RUNS = [pytest.param(run, id=f"{name}-{run.name}") for name, recipe in STUDIES.items() for run in recipe.configs]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_complete(recipe: Recipe) -> None:
    assert STUDIES[recipe.name] is recipe
    assert recipe.data in DATASETS
    names = [run.name for run in recipe.configs]
    assert len(set(names)) == len(names) > 0
    assert recipe.source
    assert recipe.reported
    assert recipe.doubts
    assert recipe.ours


@pytest.mark.parametrize("run", RUNS)
def test_every_run_names_what_exists_and_survives_yaml(run: NamedConfig) -> None:
    assert RunConfig.from_yaml(run.config.to_yaml()) == run.config
    spec = MODELS[run.config.model.name]
    parse_config(spec.Options, run.config.model.options)


def test_the_kpcam_study_is_as_published() -> None:
    recipe = STUDIES["wpi_kpcam"]
    cnn_rnn = recipe.configs[0].config
    assert (cnn_rnn.train.learning_rate, cnn_rnn.train.epochs, cnn_rnn.train.optimizer) == (1e-4, 30, "adam")
    assert (cnn_rnn.preprocess.crop, cnn_rnn.preprocess.resize) == (32, None)
    assert cnn_rnn.train.max_train_samples == 4000
    assert round(cnn_rnn.split.test * 220_025) == 3000
    assert cnn_rnn.split == recipe.configs[1].config.split
    values = {(model, number.measure): number.value for model, numbers in recipe.reported.items() for number in numbers}
    assert values["cnn_rnn", "held-out accuracy"] == 0.8132
    assert values["best plain CNN", "test accuracy"] == 0.6066
