"""The simulator in real Pyodide (``make pyodide``): nothing is put in the place of anything.

Needs Node.js with npm, which brings Pyodide, and PyPI; skipped, with a word, where they cannot be had.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.pyodide import Unavailable, prepare, run

EXPECTED = """\
pod/mynginx created
service/myservice created
pod/client created
<title>Welcome to nginx!</title>
  ports:
  - port: 8080
pod/other created
it runs
/usr/local/sbin
delivered True
"""


def test_the_chapter_its_paths_and_its_pictures() -> None:
    try:
        folder = prepare()
    except Unavailable as problem:
        pytest.skip(str(problem))
    printed = run(Path(__file__).with_name("chapter.py"), folder)
    assert printed.startswith(EXPECTED)
    path, picture, there, loaded = printed.removeprefix(EXPECTED).splitlines()
    nodes = [int(line.split()[0]) for line in (path, picture)]
    # three Pods, the laptop, two kernels, and three arrows, each with its number and a number and a text in the legend;
    # then three Pods, the laptop, two Services
    assert nodes == [6 + 3 * 3, 6]
    assert path.split()[1:] == picture.split()[1:] == ["True", "True"]
    assert there == "False kubesim.cluster.cluster emscripten"
    assert loaded == "[]"
