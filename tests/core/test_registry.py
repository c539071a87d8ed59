import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from threading import Event

import pytest

from histo_core.errors import UnknownNameError
from histo_core.registry import Registry, subclass_of


@pytest.fixture
def networks() -> Registry[int]:
    registry: Registry[int] = Registry("model")
    registry.add("resnet18", 18)
    registry.register("resnet34")(34)
    return registry


def test_members_keep_their_order(networks: Registry[int]) -> None:
    assert list(networks) == ["resnet18", "resnet34"]
    assert dict(networks.items()) == {"resnet18": 18, "resnet34": 34}
    assert "resnet18" in networks
    assert len(networks) == 2


def test_a_name_is_taken_once(networks: Registry[int]) -> None:
    with pytest.raises(ValueError, match="'resnet18' is already registered"):
        networks.add("resnet18", 0)


def test_an_unknown_name_lists_the_choices_and_the_nearest(networks: Registry[int]) -> None:
    with pytest.raises(
        UnknownNameError, match=r"Unknown model 'resnet8'. Known: resnet18, resnet34. Did you mean 'resnet18'\?"
    ):
        networks["resnet8"]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``installed(name="module:member")``: other packages that register members."""

    def install(**members: str) -> None:
        found = [EntryPoint(name, value, "numbers") for name, value in members.items()]
        monkeypatch.setattr("histo_core.registry.entry_points", lambda group: found if group == "numbers" else [])

    return install


def test_members_of_other_packages_follow_our_own_and_are_loaded_once(installed: Callable[..., None]) -> None:
    installed(pi="math:pi", tau="math:tau")
    checked: list[str] = []
    numbers: Registry[float] = Registry("number", "numbers", lambda name, member: checked.append(name))
    assert checked == []
    numbers.add("e", math.e)
    assert (list(numbers), len(numbers), "tau" in numbers) == (["e", "pi", "tau"], 3, True)
    assert numbers["pi"] == math.pi
    assert checked == ["pi", "tau"]


def test_a_registry_without_a_group_asks_for_no_packages(installed: Callable[..., None]) -> None:
    installed(pi="math:pi")
    assert list(Registry("number")) == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_module:it", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("math:no_such_name", "AttributeError: module 'math' has no attribute 'no_such_name'"),
        ("math:inf", "ValueError: it is too large"),
    ],
)
def test_what_cannot_be_loaded_is_named_and_left_out(
    value: str, why: str, installed: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def check(_: str, member: float) -> None:
        if member > 10:
            raise ValueError("it is too large.")

    installed(wrong=value, pi="math:pi")
    numbers: Registry[float] = Registry("number", "numbers", check)
    assert list(numbers) == ["pi"]
    assert caplog.messages == [
        f"The number 'wrong' of another package ({value}) is left out: {why}. Update or uninstall the package."
    ]


def test_a_taken_name_is_refused_by_name(installed: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    installed(pi="math:tau")
    numbers: Registry[float] = Registry("number", "numbers")
    numbers.add("pi", math.pi)
    assert numbers["pi"] == math.pi
    assert "The number 'pi' of another package (math:tau) is left out: ValueError: number 'pi' is" in caplog.text


def test_a_member_that_registers_itself_as_well_is_no_duplicate(
    installed: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    installed(pi="math:pi")
    numbers: Registry[float] = Registry("number", "numbers", lambda name, member: numbers.add(name, member))
    assert list(numbers) == ["pi"]
    assert caplog.messages == []


def test_a_package_may_read_the_registry_while_it_is_loaded(installed: Callable[..., None]) -> None:
    installed(pi="math:pi", tau="math:tau")
    seen: list[list[str]] = []
    numbers: Registry[float] = Registry("number", "numbers", lambda *_: seen.append(list(numbers)))
    assert list(numbers) == ["pi", "tau"]
    assert seen == [[], ["pi"]]


def test_threads_that_read_while_another_loads_get_every_member(installed: Callable[..., None]) -> None:
    installed(pi="math:pi", tau="math:tau")
    loading, go_on = Event(), Event()

    def check(*_: object) -> None:
        loading.set()
        go_on.wait(5)

    numbers: Registry[float] = Registry("number", "numbers", check)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(list, numbers)
        assert loading.wait(5)
        second = threads.submit(list, numbers)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.3)
        go_on.set()
        assert first.result() == second.result() == ["pi", "tau"]


def test_a_class_that_pages_could_not_list_is_refused_in_words() -> None:
    check = subclass_of(Number, title=str)
    with pytest.raises(TypeError, match=r"^it is no subclass of .*test_registry\.Number$"):
        check("seven", 7)
    with pytest.raises(TypeError, match=r"^it does not define value$"):
        check("untold", type("Untold", (Number,), {"title": "Untold"}))
    with pytest.raises(TypeError, match=r"^its class attribute 'title' is no str$"):
        check("unnamed", type("Unnamed", (Number,), {"value": None}))
    check("fine", type("Fine", (Number,), {"value": None, "title": "Fine"}))


class Number(ABC):
    """What a test's members are."""

    title: str

    @abstractmethod
    def value(self) -> float:
        """Return it."""
