"""See :mod:`tools.lite`."""

import sys

from tools.lite import Unavailable, build

if __name__ == "__main__":
    try:
        print(build())
    except Unavailable as problem:
        sys.exit(str(problem))
