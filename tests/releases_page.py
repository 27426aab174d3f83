"""``python -m tests.releases_page``: write ``docs/versions.md`` from the table of versions."""

from __future__ import annotations

from pathlib import Path

from kubesim.releases import RELEASES, side_by_side

PAGE = Path(__file__).parent.parent / "docs" / "versions.md"

HEAD = """\
# Two versions side by side

Generated from `kubesim/releases.py` by `python -m tests.releases_page`; a test holds it to the code. A cluster file
chooses with `version`: `1.36`, `1.37`, or a full one such as `v1.36.2+k3s1`. `data/clusters/k3s-1.37.yaml` is the
course's cluster with the newer one: `Cluster.from_file("data/clusters/k3s-1.37.yaml")`.

"""

TAIL = """
What is the same here although it is not there: where a comment is longer than 128 bytes, kube-proxy 1.36 in nftables
mode fails at the whole sync and no rule of any Service is changed any more; here it goes on, with the whole comment.
CoreDNS 1.14.5 and later read `*.` names in a `hosts` file.
"""


def page() -> str:
    """The whole page."""
    rows = [("", *(f"Kubernetes {minor}" for minor in RELEASES), "source")]
    rows += [("---",) * len(rows[0])]
    rows += [(what, *values, source) for what, values, source in side_by_side()]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + TAIL


if __name__ == "__main__":
    PAGE.write_text(page())
