"""One browser tab without a browser: Streamlit's own messages over a raw websocket.

A visitor remembers which page it is on, the address that the server gave it, and the controls that the page shows, and
sends what a browser would send when one of them is used.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 120.0
"""A click that is not answered within this time has failed."""
OPTIONS = 4
"""Options of a control that are used: the first ones."""
FAILED = "Something went wrong"
"""How the dashboard begins to speak of an error that it did not expect (`pages.shared.components.errors`)."""


@dataclass(frozen=True)
class Control:
    """Something on a page that can be used.

    Attributes:
        id: Streamlit's, which holds the control's key.
        field: of the message that carries its value.
        values: that it can be set to.
        fragment: which part of the page is drawn again when it is used; empty for the whole page.
    """

    id: str
    field: str
    values: tuple[bool | float | int | str, ...]
    fragment: str


@dataclass(frozen=True)
class Answer:
    """One click and its answer.

    Attributes:
        page: where it was done, as in the address.
        seconds: from the message sent to the end of the script.
        bytes: that came over the socket.
        problem: why it counts as failed; empty where it does not.
    """

    page: str
    seconds: float
    bytes: int
    problem: str


class Visitor:
    """One tab; use it as an asynchronous context manager."""

    def __init__(self, address: str) -> None:
        """Take the server's address, such as ``http://127.0.0.1:8501``."""
        self._address = address
        self._socket: ClientConnection | None = None
        self._pages: dict[str, str] = {}
        self._page = ""
        self._query = ""
        self._set: dict[str, WidgetState] = {}
        self.controls: dict[str, Control] = {}

    async def __aenter__(self) -> Self:
        """Connect, and draw the first page."""
        self._socket = await connect(
            f"{self._address.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item] - a NewType of str
            origin=self._address,  # type: ignore[arg-type]
            max_size=None,
        )
        await self._run(ClientState())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave, as a closed tab does."""
        if self._socket is not None:
            await self._socket.close()

    @property
    def pages(self) -> list[str]:
        """The addresses of all pages; the first one's is empty."""
        return list(self._pages)

    @property
    def page(self) -> str:
        """Name the page that the visitor is on."""
        return self._page

    async def open(self, page: str, query: str = "") -> Answer:
        """Go to a page by its address, with parameters."""
        self._page, self._query = page, query
        self._set.clear()
        return await self._run(self._state())

    async def again(self) -> Answer:
        """Draw the whole page again as it is."""
        return await self._run(self._state())

    async def use(self, control: Control, value: bool | float | int | str) -> Answer:
        """Set a control, and wait until what depends on it is drawn."""
        new = WidgetState(id=control.id)
        if control.field.endswith("array_value"):
            getattr(new, control.field).data.append(value)
        else:
            setattr(new, control.field, value)
        self._set[control.id] = new
        state = self._state()
        state.fragment_id = control.fragment
        return await self._run(state)

    def _state(self) -> ClientState:
        state = ClientState(query_string=self._query, page_script_hash=self._pages.get(self._page, ""))
        state.widget_states.widgets.extend(self._set[name] for name in self._set if name in self.controls)
        return state

    async def _run(self, state: ClientState) -> Answer:
        if self._socket is None:
            raise RuntimeError("a visitor is used inside `async with`")
        page, received = self._page, 0
        start = time.perf_counter()
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        problem = ""
        while True:
            try:
                message = await asyncio.wait_for(self._socket.recv(), PATIENCE_SECONDS)
            except TimeoutError:
                return Answer(page, PATIENCE_SECONDS, received, "no answer")
            received += len(message)
            forward = ForwardMsg()
            forward.ParseFromString(message)  # type: ignore[arg-type] - Streamlit sends bytes
            problem = problem or self._take(forward)
            if forward.WhichOneof("type") == "script_finished":
                if forward.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                if forward.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    problem = problem or "the script does not compile"
                return Answer(page, time.perf_counter() - start, received, problem)

    def _take(self, forward: ForwardMsg) -> str:
        """Note what a message says about the page; return what is wrong."""
        kind = forward.WhichOneof("type")
        if kind == "new_session":
            drawn = set(forward.metadata.run.fragment_ids)
            self.controls = {name: one for name, one in self.controls.items() if drawn and one.fragment not in drawn}
        elif kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in forward.navigation.app_pages}
            here = forward.navigation.page_script_hash
            self._page = next(name for name, known in self._pages.items() if known == here)
        elif kind == "page_info_changed":
            self._query = forward.page_info_changed.query_string
        elif kind == "page_not_found":
            return "page not found"
        elif kind == "delta" and forward.delta.WhichOneof("type") == "new_element":
            return self._take_element(forward.delta)
        return ""

    def _take_element(self, delta: Delta) -> str:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            return element.exception.message
        if kind == "alert" and FAILED in element.alert.body:
            return element.alert.body
        control = _control(element, delta.fragment_id)
        if control is not None:
            self.controls[control.id] = control
            if getattr(element, str(kind)).set_value:
                self._set.pop(control.id, None)
        return ""


def _control(element: Element, fragment: str) -> Control | None:
    """The control that an element is; None for other elements and for controls that send nothing by themselves."""
    kind = element.WhichOneof("type")
    if kind not in ("selectbox", "radio", "button_group", "checkbox", "slider", "pagination"):
        return None
    one = getattr(element, kind)
    if one.disabled or one.form_id:
        return None
    if kind in ("selectbox", "radio"):
        return Control(one.id, "string_value", tuple(one.options[:OPTIONS]), fragment)
    if kind == "button_group":
        names = tuple(option.content for option in one.options[:OPTIONS])
        return Control(one.id, "string_array_value", names, fragment)
    if kind == "checkbox":
        return Control(one.id, "bool_value", (True, False), fragment)
    if kind == "pagination":
        return Control(one.id, "int_value", tuple(range(1, min(one.num_pages, OPTIONS) + 1)), fragment)
    if one.options or len(one.default) != 1:  # a slider over words, or with two ends
        return None
    steps = (one.max - one.min) / one.step
    return Control(
        one.id,
        "double_array_value",
        tuple(one.min + one.step * round(steps * part / OPTIONS) for part in range(1, OPTIONS)),
        fragment,
    )
