"""A headless Chromium, driven by the DevTools protocol over a pipe, which needs no package."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

_FLAGS = (
    "--headless",
    "--no-sandbox",  # it needs rights that containers do not give
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # a page that asks for something is caught, and gets nothing
    "--remote-debugging-pipe",
)

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="family" mode="assign"><string>DejaVu Sans</string></edit></match>
</fontconfig>
"""
"""Texts are as wide on every machine: the only fonts are those that matplotlib brings along, and wide ones."""


class Chromium:
    """One browser; ``with Chromium() as browser: page = browser.open(path, width=390)``."""

    def __enter__(self) -> Chromium:
        assert EXECUTABLE is not None
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        fonts = Path(self._profile.name) / "fonts.conf"
        known = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        fonts.write_text(_FONTS.format(fonts=known, cache=Path(self._profile.name) / "fonts"), encoding="utf-8")
        flags = [*_FLAGS, f"--user-data-dir={self._profile.name}"]
        # Chromium reads commands from descriptor 3 and writes to 4: the shell makes them of its input and output.
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh", EXECUTABLE, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        self._next = 0
        self._unread = b""
        return self

    def __exit__(self, *_: object) -> None:
        self.send("Browser.close")
        self._process.wait(timeout=30)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._profile.cleanup()

    def open(self, path: Path, *, width: int, scheme: str = "light", media: str = "screen") -> Page:
        """Open a file in a window of so many pixels and wait until it is loaded."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.send("Emulation.setEmulatedMedia", media=media, features=features)
        page.send("Page.navigate", url=path.resolve().as_uri())
        self.read(lambda message: page.take(message) == "Page.loadEventFired")
        page.evaluate("new Promise(done => setTimeout(done, 20))")  # what scripts do in the meantime
        return page

    def send(
        self,
        method: str,
        session: str | None = None,
        take: Callable[[dict[str, Any]], object] = lambda _: None,
        **params: Any,
    ) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile goes to ``take``."""
        self._next += 1
        number = self._next
        command = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\0")
        self._process.stdin.flush()

        def answers(message: dict[str, Any]) -> bool:
            take(message)
            return message.get("id") == number

        answer = self.read(answers)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def read(self, last: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read messages up to the first for which ``last`` is true."""
        assert self._process.stdout is not None
        while True:
            while b"\0" not in self._unread:
                piece = self._process.stdout.read1(1 << 20)  # type: ignore[attr-defined]
                if not piece:
                    raise RuntimeError("the browser has ended")
                self._unread += piece
            text, _, self._unread = self._unread.partition(b"\0")
            message: dict[str, Any] = json.loads(text)
            if last(message):
                return message


class Page:
    """An open page: ``errors`` of its scripts and of the browser, ``requests`` beyond the file itself."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self.errors: list[str] = []
        self.requests: list[str] = []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to the page."""
        return self._browser.send(method, self._session, self.take, **params)

    def take(self, message: dict[str, Any]) -> str | None:
        """Keep what an event says of this page, and return its name."""
        if message.get("sessionId") != self._session:
            return None
        event, params = message.get("method"), message.get("params", {})
        match event:
            case "Runtime.exceptionThrown":
                self.errors.append(params["exceptionDetails"]["exception"].get("description", "exception"))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "assert", "warning"):
                self.errors.append(str([argument.get("value") for argument in params["args"]]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.errors.append(params["entry"]["text"])
            case "Network.requestWillBeSent" if params["type"] != "Document":
                self.requests.append(params["request"]["url"])
        return event

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, promises awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write the whole page as PNG."""
        answer = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, path: Path) -> None:
        """Print the page on A4."""
        answer = self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        path.write_bytes(base64.b64decode(answer["data"]))
