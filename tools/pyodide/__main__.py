"""See :mod:`tools.pyodide`."""

import sys
from pathlib import Path

from tools.pyodide import Unavailable, prepare, run

if __name__ == "__main__":
    try:
        prepare()
        print(run(Path(sys.argv[1]).resolve()), end="")
    except (Unavailable, RuntimeError) as problem:
        sys.exit(str(problem))
