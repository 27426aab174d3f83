"""``python -m kubesim.notebook.readme_picture``: draw the README's picture anew."""

from __future__ import annotations

from pathlib import Path

from kubesim.data_directory import DATA
from kubesim.notebook.session import start
from kubesim.views.rendering import Diagram

PICTURE = DATA.parent / "docs" / "images" / "path.svg"

SETUP = (
    "kubectl run mynginx --image nginx",
    "kubectl run client --image nginx",
    "kubectl run second --image nginx -l run=mynginx",
    "kubectl apply -f myservice.yaml",
)


def readme_diagram() -> Diagram:
    """One request from a Pod to a Service with two endpoints."""
    session = start()
    session.terminal.prepare(*SETUP)
    return session.cluster.connect("pod/client", "http://myservice:8080").diagram()


def main(path: Path = PICTURE) -> int:
    """Write the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(readme_diagram().svg, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
