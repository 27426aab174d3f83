"""README's code runs and says what it says."""

import html
import re
from pathlib import Path

from kubesim.notebook.readme_picture import PICTURE, readme_diagram

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(capsys) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("delivered\n")


def test_every_file_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(((?!http)[^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z]+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_picture_shows_what_the_simulator_says_today() -> None:
    drawn = PICTURE.read_text(encoding="utf-8")
    assert html.escape(readme_diagram().text, quote=True) in drawn
