"""The site that ``make lite`` builds, in a real browser that reaches no host but the site's own.

Needs what ``test_chapter.py`` needs, and Chromium; skipped, with a word, where one is missing.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from kubesim.notebook.magics import NOT_SET_UP
from kubesim.views.frames import AS_TEXT
from tests.browser.conftest import browser  # noqa: F401 (a fixture)
from tests.browser.test_lab import ERROR, PATIENCE, STDERR, STDOUT, new_cell, run_cell
from tools.lite import HOST, Unavailable, build


class Files(http.server.SimpleHTTPRequestHandler):
    """A host of files, as any that serves pages."""

    extensions_map: ClassVar[dict[str, str]] = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    try:
        folder = build()
    except Unavailable as problem:
        pytest.skip(str(problem))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_site_teaches_and_asks_no_other_host_but_for_pandas(site: str, browser: Any) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(2 * PATIENCE)
    outside: set[str] = set()

    def elsewhere(route: Any) -> None:
        outside.add(route.request.url)
        route.abort()

    page.context.route(lambda url: url.startswith("http") and not url.startswith(site), elsewhere)
    page.goto(f"{site}/lab/index.html?path=01-pods-have-addresses.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector("text=/\\| Idle/")
    said = run_cell(page, "%%terminal\nkubectl get pods").locator(STDERR).inner_text()
    assert said.strip() == f"UsageError: {NOT_SET_UP}"
    run_cell(page, "%load_ext kubesim")
    shown = run_cell(
        page, "%%terminal\nkubectl run mynginx --image nginx\nkubectl get pod mynginx -o jsonpath={.status.podIP}"
    )
    assert shown.locator(STDOUT).inner_text().split() == ["pod/mynginx", "created", "10.42.2.42"]
    picture = run_cell(page, 'cluster.connect("node/master", "http://10.42.2.42")').locator("img")
    assert picture.evaluate("image => image.naturalWidth") > 300
    assert not outside
    table = run_cell(page, 'cluster.table("pods")')
    assert table.locator(STDOUT).inner_text().strip() == AS_TEXT
    assert table.locator("td").all_inner_texts()[1:4] == ["mynginx", "1/1", "Running"]
    assert outside and all(url.startswith(HOST.partition("{")[0]) for url in outside)
    assert run_cell(page, "%kubectl get pods").locator(STDOUT).inner_text().split()[:2] == ["NAME", "READY"]
    widget = run_cell(page, "from kubesim.notebook import ServiceExplorer\nServiceExplorer()")
    widget.locator(".jupyter-widgets").first.wait_for()
    new_cell(page, "%%terminal\ncurl")
    page.keyboard.press("Shift+Tab")
    assert "curl" in page.locator(".jp-Tooltip").inner_text()
    assert page.locator(ERROR).count() == 0
    page.context.close()
