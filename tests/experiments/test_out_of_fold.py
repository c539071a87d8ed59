import numpy as np
from fake_runs import End

from histo_core.comparison.join import load
from histo_core.config import RunConfig, SplitConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.api import start_experiment
from histo_core.experiments.out_of_fold import out_of_fold
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

FOLDS = ProtocolConfig(kind="folds", folds=3)


def test_each_patch_has_the_probability_of_the_fold_that_held_it_out(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    begun = start_experiment(config, FOLDS, workspace, name="Three folds")
    ids = [member.run_id for member in begun.members]
    for run_id in ids[:2]:
        end(run_id)
    assert out_of_fold(ids[:1], workspace) is None, "a fold has not finished"
    end(ids[2])
    found = out_of_fold(ids[:1], workspace)
    assert found is not None
    assert (found.name, found.classes) == ("Three folds", ("normal", "tumour"))
    assert len(set(found.sample_ids)) == len(found.sample_ids) == 80
    for run_id in ids:
        table = load(Store.open(workspace).get(run_id), workspace).table.query("split == 'test'")
        place = np.flatnonzero(np.isin(found.sample_ids, table["sample_id"]))
        by_id = table.set_index("sample_id").loc[found.sample_ids[place]]
        np.testing.assert_allclose(found.probabilities[place], by_id[["prob_normal", "prob_tumour"]])
        assert [found.classes[label] for label in found.y_true[place]] == by_id["y_true"].tolist()


def test_where_a_test_set_is_kept_back_the_folds_are_the_validation_sets(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    held_out = config.model_copy(update={"split": SplitConfig(hold_out=True)})
    begun = start_experiment(held_out, FOLDS, workspace)
    for member in begun.members:
        end(member.run_id)
    found = out_of_fold([member.run_id for member in begun.members], workspace)
    assert found is not None
    tables = [load(Store.open(workspace).get(one.run_id), workspace).table for one in begun.members]
    valid = {sample for table in tables for sample in table.query("split == 'valid'")["sample_id"]}
    assert set(found.sample_ids) == valid


def test_runs_that_are_no_folds_have_none(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    for member in begun.members:
        end(member.run_id)
    assert out_of_fold([member.run_id for member in begun.members], workspace) is None
    assert out_of_fold(["elsewhere"], workspace) is None
