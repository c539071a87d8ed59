"""Fetching, against a server of our own on this machine."""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision import models as torchvision

from histo_core.config import ModelConfig
from histo_core.errors import CheckpointError
from histo_core.models import registry
from histo_core.models.registry import MODELS, build_model, build_network
from histo_core.models.weights.pretrained import PretrainedFile, is_kept, pretrained_tensors
from histo_core.models.weights.tensorfile import write_tensors
from histo_core.workspace import Workspace


class Server(ThreadingHTTPServer):
    """Serves one file; ``cut`` bytes of it are promised and not sent."""

    content = b""
    cut = 0
    asked = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content[: len(self.server.content) - self.server.cut])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def pickled(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def serve(server: Server, content: bytes) -> PretrainedFile:
    server.content = content
    digits = hashlib.sha256(content).hexdigest()[:8]
    return PretrainedFile(f"http://127.0.0.1:{server.server_port}/models/net-{digits}.pth")


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    return {"a": torch.rand(3, 2), "n": torch.tensor(4)}


def files(workspace) -> list[str]:
    folder: Path = workspace.home / "weights"
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def converted(file: PretrainedFile) -> list[str]:
    name = file.name.replace(".pth", ".safetensors")
    return [name, f"{name}.json"]


def test_fetched_once_and_kept_as_safetensors(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    steps: list[tuple[int, int]] = []
    for _ in range(2):
        read = pretrained_tensors(file, workspace, lambda *step: steps.append(step))
        assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())
    assert server.asked == 1
    assert steps[-1] == (len(server.content), len(server.content))
    assert files(workspace) == converted(file)


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_put_there_by_hand_is_used_and_left(workspace, tensors, tmp_path, monkeypatch, shared: bool) -> None:
    content = pickled(tensors)
    file = PretrainedFile(f"http://127.0.0.1:9/net-{hashlib.sha256(content).hexdigest()[:8]}.pth")
    folder = tmp_path / "shared" if shared else workspace.home / "weights"
    folder.mkdir(parents=True)
    (folder / file.name).write_bytes(content)
    if shared:
        assert not is_kept(file, workspace)
        monkeypatch.setenv("HISTOSCOPE_WEIGHTS", str(folder))
    assert is_kept(file, workspace)
    assert torch.equal(pretrained_tensors(file, workspace)["a"], tensors["a"])
    assert (folder / file.name).read_bytes() == content
    assert files(workspace) == sorted([*converted(file), *([] if shared else [file.name])])


def test_what_another_workspace_converted_is_shared(server, workspace, tensors, tmp_path, monkeypatch) -> None:
    file, other = serve(server, pickled(tensors)), Workspace(tmp_path / "other")
    pretrained_tensors(file, other)
    monkeypatch.setenv("HISTOSCOPE_WEIGHTS", str(other.home / "weights"))
    assert torch.equal(pretrained_tensors(file, workspace)["a"], tensors["a"])
    assert server.asked == 1
    assert files(workspace) == []


def test_a_flipped_bit_in_what_was_converted_is_found(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    pretrained_tensors(file, workspace)
    path = workspace.home / "weights" / converted(file)[0]
    content = bytearray(path.read_bytes())
    content[-1] ^= 64
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"is damaged.*Delete .*safetensors\.json: the weights are then"):
        pretrained_tensors(file, workspace)
    (workspace.home / "weights" / converted(file)[1]).unlink()
    assert torch.equal(pretrained_tensors(file, workspace)["a"], tensors["a"])


def test_a_file_under_the_converted_name_does_not_count(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    place = workspace.home / "weights" / converted(file)[0]
    write_tensors(place, {"a": torch.full((3, 2), 7.0), "n": torch.tensor(4)}, {})
    assert not is_kept(file, workspace)
    assert torch.equal(pretrained_tensors(file, workspace)["a"], tensors["a"])


def test_processes_that_want_one_file_at_once_fetch_it_once(server, workspace, tensors) -> None:
    """Locks are of open files, so that threads hold each other off as processes do."""
    file = serve(server, pickled(tensors))
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda _: pretrained_tensors(file, workspace), range(4)))
    assert all(torch.equal(each["a"], tensors["a"]) for each in read)
    assert server.asked == 1


def test_a_wrong_file_put_there_by_hand_is_named(workspace) -> None:
    file = PretrainedFile("http://127.0.0.1:9/net-01234567.pth")
    (workspace.home / "weights").mkdir(parents=True)
    (workspace.home / "weights" / file.name).write_bytes(b"something else")
    with pytest.raises(CheckpointError, match=r"must begin with 01234567\. Delete .*net-01234567\.pth"):
        pretrained_tensors(file, workspace)


def test_other_bytes_than_promised_leave_nothing_behind(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    server.content = server.content[:-1] + b"x"
    with pytest.raises(CheckpointError, match=rf"must begin with {file.digits}.*by hand"):
        pretrained_tensors(file, workspace)
    assert files(workspace) == []


def test_a_connection_that_is_cut_leaves_nothing_behind(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    server.cut = 100
    with pytest.raises(CheckpointError, match=r"could not be fetched: the connection was cut after.*by hand"):
        pretrained_tensors(file, workspace)
    assert files(workspace) == []


def test_without_a_network_it_says_what_to_put_where(workspace) -> None:
    file = PretrainedFile("http://127.0.0.1:9/net-01234567.pth")
    with pytest.raises(CheckpointError) as caught:
        pretrained_tensors(file, workspace)
    assert str(workspace.home / "weights" / "net-01234567.pth") in caught.value.remedy
    assert file.url in caught.value.remedy
    assert files(workspace) == []


class Evil:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("/tmp/histoscope-was-here"),))


@pytest.mark.parametrize("value", [Evil(), {"a": Evil()}, [torch.ones(1)], {"a": 3}])
def test_more_than_tensors_is_refused_and_not_run(server, workspace, value: object) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be read|holds more than tensors"):
        pretrained_tensors(serve(server, pickled(value)), workspace)
    assert not Path("/tmp/histoscope-was-here").exists()
    assert files(workspace) == []


def test_resnet18_takes_imagenet_weights_and_starts_its_classifier_afresh(server, workspace, monkeypatch) -> None:
    torch.manual_seed(3)
    theirs = torchvision.resnet18(num_classes=1000).state_dict()
    file = serve(server, pickled(theirs))
    monkeypatch.setattr(registry, "imagenet_file", lambda spec: file)
    ours = build_model(ModelConfig(name="resnet18", weights="imagenet"), 2, (64, 64), workspace).state_dict()
    assert ours["fc.weight"].shape == (2, 512)
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items() if not name.startswith("fc."))


_DOTTED = re.compile(r"(denselayer\d+\.(?:norm|conv))(\d)\.")


@pytest.mark.parametrize("name", [name for name, spec in MODELS.items() if spec.imagenet])
def test_published_names_fit(workspace, monkeypatch, name: str) -> None:
    """Older files lack the count of batches, and DenseNets' names have a dot more; on meta nothing is computed."""
    side = MODELS[name].preprocess.resize or 224
    with torch.device("meta"):
        network = build_network(ModelConfig(name=name), 1000, (side, side))
        published = {
            _DOTTED.sub(r"\1.\2.", key): tensor
            for key, tensor in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        monkeypatch.setattr(registry, "pretrained_tensors", lambda file, workspace: published)
        build_model(ModelConfig(name=name, weights="imagenet"), 2, (side, side), workspace)


def test_densenet_takes_an_old_file_by_its_old_names(workspace, monkeypatch) -> None:
    torch.manual_seed(3)
    theirs = torchvision.densenet121(num_classes=1000).state_dict()
    published = {
        _DOTTED.sub(r"\1.\2.", key): tensor for key, tensor in theirs.items() if not key.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    monkeypatch.setattr(registry, "pretrained_tensors", lambda file, workspace: published)
    ours = build_model(ModelConfig(name="densenet121", weights="imagenet"), 2, (64, 64), workspace).state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if not key.startswith("classifier."))


def test_torchvisions_own_file_carries_its_hash() -> None:
    assert MODELS["resnet18"].imagenet.digits == "f37072fd"
