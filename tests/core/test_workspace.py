from pathlib import Path

import pytest

from histo_core.config import DataConfig, ModelConfig, RunConfig
from histo_core.errors import DataNotFoundError, PathNotAllowedError
from histo_core.workspace import Workspace


def test_the_setting_names_the_home(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.home == tmp_path / "home"
    assert workspace.run_folder("abc123-1") == tmp_path / "home" / "runs" / "abc123-1"


@pytest.mark.parametrize("run_id", ["../evil", "a/b", "", "a\0b"])
def test_a_run_id_is_never_a_path(workspace: Workspace, run_id: str) -> None:
    with pytest.raises(PathNotAllowedError, match="is not a run id"):
        workspace.run_folder(run_id)


@pytest.mark.parametrize("experiment_id", ["../../evil", "a/b", "", ".."])
def test_an_experiment_id_is_never_a_path(workspace: Workspace, experiment_id: str) -> None:
    with pytest.raises(PathNotAllowedError, match="is not an experiment id"):
        workspace.experiment_folder(experiment_id)


@pytest.mark.parametrize("setting", ["HISTOSCOPE_HOME", "HISTOSCOPE_WEIGHTS", "HISTOSCOPE_DATA_ROOTS"])
@pytest.mark.parametrize("path", ["~nobody_of_this_name/ws", "loop", "\udcff"])
def test_a_setting_that_names_no_path_is_named(
    setting: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv(setting, path if path.startswith("~") else str(tmp_path / path))
    with pytest.raises(PathNotAllowedError, match=f"{setting} names .* cannot be used"):
        Workspace.default().data_roots()


def test_a_path_outside_is_refused_before_it_is_touched(workspace: Workspace) -> None:
    with pytest.raises(PathNotAllowedError, match=r"outside the folders that may be read.*HISTOSCOPE_DATA_ROOTS"):
        workspace.allowed("/etc/passwd")
    with pytest.raises(PathNotAllowedError):
        workspace.allowed("/there/is/no/such/folder")


def test_a_link_inside_cannot_lead_out(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "door").symlink_to("/etc")
    with pytest.raises(PathNotAllowedError):
        workspace.allowed(tmp_path / "door" / "passwd")


def test_a_missing_path_inside_is_missing(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        workspace.allowed(tmp_path / "none")
    assert workspace.allowed(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a\0b", "embedded null"),
        ("n" * 300, "File name too long"),
        ("loop", "[Ll]oop|Too many levels"),
        ("~nosuchuser/x", "home directory"),
        ("locked/inside", "Permission denied"),
    ],
)
def test_a_path_that_cannot_be_reached_says_why(
    path: str, reason: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    stat = Path.stat

    def refuse(self: Path, **how: bool) -> object:  # as below a folder of mode 000, which would not keep root out
        if self.parent == tmp_path / "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(DataNotFoundError, match=rf"cannot be reached \(.*({reason})"):
        workspace.allowed(path if path.startswith("~") else tmp_path / path)


def test_without_a_setting_home_and_the_folder_beside_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HISTOSCOPE_DATA_ROOTS", raising=False)
    (tmp_path / "beside" / "checkout").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "beside" / "checkout")
    roots = Workspace(tmp_path / "home").data_roots()
    assert roots == (tmp_path / "home", Path.home().resolve(), tmp_path / "beside")
    monkeypatch.chdir("/tmp")
    assert Path("/") not in Workspace(tmp_path / "home").data_roots()


def test_what_was_allowed_at_launch_stays_allowed(workspace: Workspace) -> None:
    assert Workspace(workspace.home, extra_roots=(Path("/etc"),)).allowed("/etc/hostname") == Path("/etc/hostname")


@pytest.mark.parametrize("path", ["", " ", Path("  ")])
def test_an_empty_path_is_not_the_folder_that_one_works_in(
    workspace: Workspace, path: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PathNotAllowedError, match="The path is empty"):
        workspace.allowed(path)


@pytest.mark.parametrize("named", ["", " ", ":"])
def test_a_setting_that_names_no_root_is_refused(
    workspace: Workspace, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", named)
    with pytest.raises(PathNotAllowedError, match=r"HISTOSCOPE_DATA_ROOTS is set and names no folder.*unset it"):
        workspace.allowed(workspace.home)


def test_a_folder_of_weights_may_be_read(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.weight_folders() == (workspace.home / "weights",)
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(workspace.home))
    monkeypatch.setenv("HISTOSCOPE_WEIGHTS", str(tmp_path / "weights"))
    assert workspace.weight_folders() == (workspace.home / "weights", tmp_path / "weights")
    assert workspace.data_roots() == (workspace.home, tmp_path / "weights")


def test_what_a_run_names_may_be_read_whatever_the_settings_are_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    plain = Workspace(tmp_path / "home")
    config = RunConfig(data=DataConfig(root=str(tmp_path / "data")), model=ModelConfig(weights="imagenet"))
    with pytest.raises(PathNotAllowedError):
        plain.allowed(tmp_path / "data")
    allowing = plain.allowing(config)
    assert allowing.allowed(tmp_path / "data") == tmp_path / "data"
    assert allowing.extra_roots == (tmp_path / "data",)
    assert allowing.allowing(config) == allowing
