"""A headless Chromium, driven over its DevTools pipe: what a test needs to look at a page as a browser shows it.

No package is needed: the protocol is JSON with a NUL after each message, over two file descriptors of the browser's.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
)
_PATIENCE = 30.0


def _start(profile: Path) -> tuple[int, int, int]:
    """Starts a browser: its process, a descriptor to write to it, one to read from it."""
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()
    # The browser reads from its descriptor 3 and writes to its 4: put there by way of numbers that neither is.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 16) for end in (to_browser, from_browser)]
    silence = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    places = [(os.POSIX_SPAWN_DUP2, end, place) for place, end in enumerate(high, 3)]
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    try:
        process = os.posix_spawn(command[0], command, os.environ, file_actions=[*silence, *places], setpgroup=0)
    except OSError:
        os.close(send)
        os.close(receive)
        raise
    finally:
        for end in (to_browser, from_browser, *high):
            os.close(end)
    return process, send, receive


class Browser:
    """One browser with one page.

    `complaints` holds what its console said, what it fetched and what its policy blocked; `dialogs` what popped up.
    """

    def __init__(self, profile: Path) -> None:
        self._process, self._send, self._receive = _start(profile)
        self._number = 0
        self._buffer = b""
        self._loaded: set[str] = set()
        self._session: str | None = None
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser and all its helpers."""
        os.close(self._send)
        os.close(self._receive)
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False, fragment: str = "") -> None:
        """Loads `page` in a window of `width` × `height`, and waits until it is loaded."""
        self.complaints.clear()
        self.dialogs.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        # By way of an empty page: going to another fragment of the same file would load nothing.
        for url in ("about:blank", page.as_uri() + fragment):
            self._wait_for_load(self.call("Page.navigate", url=url)["loaderId"])

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; AssertionError where it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Returns once `expression` is true in the page; AssertionError where it never is."""
        until = time.monotonic() + _PATIENCE
        while not self.run(expression):
            assert time.monotonic() < until, f"never became true: {expression}"
            self.run("new Promise(requestAnimationFrame)")

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a command of the DevTools protocol and gives back its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _attach(self) -> None:
        (page,) = [one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def _wait_for_load(self, loader: str) -> None:
        while loader not in self._loaded:
            self._note(self._read())

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message["method"] == "Page.lifecycleEvent" and params["name"] == "load":
            self._loaded.add(params["loaderId"])
        if message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif message["method"] == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self.call("Page.handleJavaScriptDialog", accept=True)
        elif message["method"] == "Runtime.consoleAPICalled":
            self.complaints.append(f"console.{params['type']}: {params['args']}")
        elif message["method"] == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif message["method"] == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "about:", "data:")):
                self.complaints.append(f"fetched {url}")

    def _read(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._receive], [], [], max(0.0, until - time.monotonic()))
            chunk = os.read(self._receive, 1 << 20) if ready else b""
            if not chunk:
                raise TimeoutError("the browser went silent")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message
