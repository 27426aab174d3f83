"""``python -m kubesim``: the same as the command ``kubesim``."""

import sys

from kubesim.command import main

sys.exit(main())
