"""Fetching, against a server of our own on this machine."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from histo_core.config import ModelConfig
from histo_core.errors import CheckpointError
from histo_core.models import registry
from histo_core.models.pretrained import PretrainedFile, pretrained_tensors
from histo_core.models.registry import MODELS, build_model


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


def test_fetched_once_and_kept_as_safetensors(server, workspace, tensors) -> None:
    file = serve(server, pickled(tensors))
    steps: list[tuple[int, int]] = []
    for _ in range(2):
        read = pretrained_tensors(file, workspace, lambda *step: steps.append(step))
        assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())
    assert server.asked == 1
    assert steps[-1] == (len(server.content), len(server.content))
    assert files(workspace) == [file.name.replace(".pth", ".safetensors")]


def test_a_file_put_there_by_hand_is_used(workspace, tensors) -> None:
    content = pickled(tensors)
    file = PretrainedFile(f"http://127.0.0.1:9/net-{hashlib.sha256(content).hexdigest()[:8]}.pth")
    (workspace.home / "weights").mkdir(parents=True)
    (workspace.home / "weights" / file.name).write_bytes(content)
    assert torch.equal(pretrained_tensors(file, workspace)["a"], tensors["a"])
    assert files(workspace) == [file.name.replace(".pth", ".safetensors")]


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
    assert not [name for name in files(workspace) if name.endswith(".safetensors")]


def test_resnet18_takes_imagenet_weights_and_starts_its_classifier_afresh(server, workspace, monkeypatch) -> None:
    torch.manual_seed(3)
    theirs = resnet18(num_classes=1000).state_dict()
    file = serve(server, pickled(theirs))
    monkeypatch.setattr(registry, "imagenet_file", lambda spec: file)
    ours = build_model(ModelConfig(name="resnet18", weights="imagenet"), 2, (64, 64), workspace).state_dict()
    assert ours["fc.weight"].shape == (2, 512)
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items() if not name.startswith("fc."))


def test_torchvisions_own_file_carries_its_hash() -> None:
    assert MODELS["resnet18"].imagenet.digits == "f37072fd"
