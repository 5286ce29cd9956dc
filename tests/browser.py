"""Headless Chromium driven through its DevTools protocol, over a pipe; it needs no package.

Every request that a page makes is recorded, and the network is switched off for it.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


@dataclass
class Page:
    """One open page: what it asked for, what it complained of, and ways to use it."""

    browser: "Browser"
    session: str
    sessions: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)

    def send(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command to the page and return its result."""
        return self.browser.send(method, params, session=self.session)

    def open(self, path: Path) -> None:
        """Open a file and wait until it and its frames have loaded."""
        self.requests.clear()
        self.complaints.clear()
        self.send("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def ask(self, expression: str, *, frame: bool = False) -> Any:
        """Evaluate JavaScript in the page, or in its embedded frame, and return the value."""
        where = {"uniqueContextId": self.contexts[-1]} if frame else {}
        answer = self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            **where,
        )
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait(self, expression: str, *, frame: bool = False, seconds: float = 20) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.ask(expression, frame=frame):
            if time.monotonic() > deadline:
                message = f"still not true after {seconds} s: {expression}"
                raise AssertionError(message)
            time.sleep(0.05)

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """Set the size of the window, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )

    def hover(self, x: float, y: float) -> None:
        """Move the mouse to a place in the window."""
        for step in (3, 0):
            self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x - step, y=y)

    def click(self, x: float, y: float) -> None:
        """Click at a place in the window."""
        self.hover(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def settle(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as a PNG."""
        self.settle()
        shot = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        """Record an event of the page or one of its frames."""
        if method == "Runtime.executionContextCreated":
            self.contexts.append(
                params["context"]["uniqueId"]
            )  # the frame's comes after the page's
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"].get("exception", params)))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            self.complaints.append(json.dumps(params["args"]))
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")


class Browser:
    """A headless Chromium; use it in a ``with`` statement."""

    def __init__(self) -> None:
        self._count = 0
        self._buffer = b""
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        """Start Chromium with its commands on a pipe."""
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            message = f"Chromium is not installed (looked for {', '.join(NAMES)})"
            raise AssertionError(message)
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        hear, answers = _pipe()
        commands, self._say = _pipe()
        self._hear = hear
        quiet = os.open(os.devnull, os.O_RDWR)
        # Chromium reads commands from descriptor 3 and writes what it has to say to 4.
        self._pid = os.posix_spawn(
            program,
            [program, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, quiet, 1),
                (os.POSIX_SPAWN_DUP2, quiet, 2),
                (os.POSIX_SPAWN_DUP2, commands, 3),
                (os.POSIX_SPAWN_DUP2, answers, 4),
            ],
            setpgroup=0,
        )
        for descriptor in (quiet, commands, answers):
            os.close(descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End Chromium and everything it started."""
        os.close(self._say)
        os.close(self._hear)
        deadline = time.monotonic() + 5
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.killpg(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(0.05)
        self._profile.cleanup()

    @contextlib.contextmanager
    def page(self, *, width: int = 1280, height: int = 800, phone: bool = False) -> Iterator[Page]:
        """Open an empty page of a size, with its network switched off."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page(self, session["sessionId"])
        self._watch(page, page.session)
        page.size(width, height, phone=phone)
        try:
            yield page
        finally:
            self.send("Target.closeTarget", {"targetId": target})

    def send(
        self, method: str, params: Mapping[str, object] | None = None, *, session: str = ""
    ) -> dict[str, Any]:
        """Send a command and return its result."""
        number = self._write(method, params, session)
        while True:
            message = self._read()
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._dispatch(message)

    def _watch(self, page: Page, session: str) -> None:
        """Record what a page or frame does, and do the same for the frames it will embed."""
        self._pages[session] = page
        page.sessions.append(session)
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        for method, params in (
            ("Network.enable", {}),
            ("Network.emulateNetworkConditions", offline),
            ("Runtime.enable", {}),
            ("Log.enable", {}),
            ("Page.enable", {}),
            (
                "Target.setAutoAttach",
                {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True},
            ),
            ("Runtime.runIfWaitingForDebugger", {}),
        ):
            self._write(method, params, session)

    def _dispatch(self, message: Mapping[str, Any]) -> None:
        page = self._pages.get(message.get("sessionId", ""))
        if page is None or "method" not in message:
            return
        if message["method"] == "Target.attachedToTarget":
            self._watch(page, message["params"]["sessionId"])
            return
        page.heard(message["method"], message["params"])
        if message["method"] == "Page.javascriptDialogOpening":
            self._write("Page.handleJavaScriptDialog", {"accept": False}, message["sessionId"])

    def _write(self, method: str, params: Mapping[str, object] | None, session: str) -> int:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params or {}}
        data = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        while data:
            data = data[os.write(self._say, data) :]
        return self._count

    def _read(self, seconds: float = 60) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._hear], [], [], seconds)
            received = os.read(self._hear, 1 << 20) if ready else b""
            if not received:
                message = "Chromium went away" if ready else f"no answer within {seconds} s"
                raise AssertionError(message)
            self._buffer += received
        text, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        return message


def _pipe() -> tuple[int, int]:
    """Make a pipe whose ends have numbers above those Chromium expects its own at."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
