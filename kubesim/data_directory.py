"""Where the course's data is: the clusters, the chapter's manifests, the images, the Internet, the exercises."""

from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
"""The ``data`` folder of the checkout that kubesim is installed from."""
