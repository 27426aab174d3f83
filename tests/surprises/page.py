"""``python -m tests.surprises.page``: writes docs/surprises.md from the table."""

from __future__ import annotations

from pathlib import Path

from tests.surprises.table import CHAPTERS, Surprise

PAGE = Path(__file__).parents[2] / "docs" / "surprises.md"
HEAD = """\
# Where good guesses are wrong

What Kubernetes 1.36 does where an engineer would guess otherwise. Each of these can be met in the simulator, and a test
does so; this page is written from that test's table (`make surprises`). Chapter 13, *Guess again*, has thirty more
about Services, as questions. *Recorded* is what a real control plane and kubectl 1.36.2 printed, or a real kube-proxy
1.36.2 and CoreDNS 1.13.1; else the source is named.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for chapter in CHAPTERS:
        mode = " (a cluster with `proxy: {mode: nftables}`)" if chapter.proxy_mode == "nftables" else ""
        parts.append(f"## {chapter.title}\n")
        parts += [_row(row, mode) for row in chapter.rows]
    return "\n".join(parts)


def _row(row: Surprise, mode: str) -> str:
    lost = [f"# two minutes after the node {row.lost} has lost its power:"] if row.lost else []
    lines = [*row.before.splitlines(), *lost, *row.commands.splitlines()]
    shown = "\n".join(lines)
    return (
        f"**One guesses:** {row.guess}.\n\n**But** {row.truth}.\n\n```sh\n{shown}\n```\n\n"
        f"{row.version}, {row.source}{mode}\n"
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
