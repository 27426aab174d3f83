"""JupyterLab and a real browser: the course as a reader sees it.

``make browser`` runs these tests; they need Debian's ``chromium`` (or ``CHROMIUM`` naming another) and are skipped,
with a word, where there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (make browser installs it)")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the JupyterLab that ``kubesim lab`` opens, on the learner's copies of the notebooks."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "kubesim",
            "lab",
            str(folder),
            "--no-browser",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=reader",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/api?token=reader", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
        except sync_api.Error as problem:  # a machine on which no browser can run
            pytest.skip(f"chromium does not start: {str(problem).splitlines()[0]}")
        yield opened
        opened.close()


class Reader:
    """Somebody in front of JupyterLab."""

    def __init__(self, browser: sync_api.Browser, lab: str) -> None:
        self._browser, self._lab = browser, lab
        self._open: list[sync_api.BrowserContext] = []

    def opens(self, notebook: str, width: int = 1280) -> sync_api.Page:
        """Open a notebook in a window of that width, and wait until it is laid out."""
        context = self._browser.new_context(viewport={"width": width, "height": 1000})
        self._open.append(context)
        page = context.new_page()
        page.goto(f"{self._lab}/lab/tree/{notebook}?token=reader&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        page.wait_for_timeout(1500)
        return page

    def prefers(self, theme: str) -> None:
        """Choose a theme, for every page that is opened afterwards."""
        self._send("lab/api/settings/@jupyterlab/apputils-extension:themes", {"raw": f'{{"theme": "{theme}"}}'})

    def _send(self, path: str, body: object) -> None:
        asked = urllib.request.Request(
            f"{self._lab}/{path}?token=reader",
            method="PUT",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": "token reader"},
        )
        urllib.request.urlopen(asked, timeout=30).close()

    def runs(self, source: str, name: str = "trial.ipynb") -> sync_api.Page:
        """Open a new notebook with one cell, and run it."""
        body = {
            "cells": [{"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
        self._send(f"api/contents/{name}", {"type": "notebook", "format": "json", "content": body})
        page = self.opens(name)
        page.wait_for_selector("text=/\\| Idle/", timeout=90_000)
        page.click(".jp-Cell .cm-content")
        page.keyboard.press("Shift+Enter")
        return page

    @staticmethod
    def pictures(page: sync_api.Page) -> Iterator[sync_api.ElementHandle]:
        """Scroll through a notebook, unfold answers, stop at each picture: only cells in sight are in the page."""
        seen: set[str] = set()
        panel = page.wait_for_selector(".jp-WindowedPanel-outer")
        assert panel is not None
        page.wait_for_function(
            "() => { const panel = document.querySelector('.jp-WindowedPanel-outer');"
            " return panel.scrollHeight > 2 * panel.clientHeight; }",
            timeout=60_000,
        )
        panel.evaluate("panel => panel.scrollTo(0, 0)")
        page.wait_for_timeout(1000)
        while True:
            page.wait_for_timeout(150)
            page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
            for image in page.query_selector_all(".jp-OutputArea-output img"):
                source = image.get_attribute("src") or ""
                if source not in seen and image.bounding_box() is not None:
                    seen.add(source)
                    yield image
            if panel.evaluate("panel => panel.scrollTop + panel.clientHeight >= panel.scrollHeight - 2"):
                return
            panel.evaluate("panel => panel.scrollBy(0, panel.clientHeight * 0.7)")

    def leaves(self) -> None:
        for context in self._open:
            context.close()


@pytest.fixture
def reader(browser: sync_api.Browser, lab: str) -> Iterator[Reader]:
    somebody = Reader(browser, lab)
    yield somebody
    somebody.leaves()
