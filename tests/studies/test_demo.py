import pytest

from histo_core.config import parse_config
from histo_core.data.dataset import DATASETS
from histo_core.models.registry import MODELS, build_network
from histo_core.studies.demo import PATCHES, demo_configs


def test_three_networks_share_one_data_set_and_split() -> None:
    runs = demo_configs()
    assert [run.config.model.name for run in runs] == ["cnn_narrow", "cnn_rnn", "resnet18"]
    assert len({(run.config.data.model_dump_json(), run.config.split, run.config.seed) for run in runs}) == 1
    assert runs[0].config.data.options == {"patches": PATCHES}
    assert all(run.name and run.note for run in runs)


def test_the_number_of_patches_can_be_given_or_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTOSCOPE_DEMO_PATCHES", "300")
    assert demo_configs()[0].config.data.options == {"patches": 300}
    assert demo_configs(120)[0].config.data.options == {"patches": 120}


def test_each_can_be_built_on_the_data_it_names() -> None:
    for run in demo_configs():
        parse_config(DATASETS[run.config.data.dataset].Options, run.config.data.options)
        crop = run.config.preprocess.crop
        assert crop is not None
        assert crop >= MODELS[run.config.model.name].smallest_input
        build_network(run.config.model, 2, (crop, crop))
