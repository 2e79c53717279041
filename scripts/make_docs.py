"""Build the documentation: the pages of docs/ and the reference from docstrings.

``python scripts/make_docs.py [FOLDER]`` needs the extra ``docs`` and writes to ``build/docs``. Formulas are
drawn by MathJax, which a browser fetches; without a network they are shown as TeX.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

import pdoc

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "theory": "theory.md",
    "choosing": "choosing.md",
    "notebooks": "notebooks.md",
    "coming_from_quests": "coming-from-quests.md",
}
# What docstrings point to beside the public names.
MODULES = [f"quests_core.{name}" for name in ("health", "kernel", "named", "progress", "x1_x2")]


def make(folder: Path) -> None:
    """Write the site into a folder, from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    plain = pdoc.docstrings.rst
    pdoc.docstrings.rst = lambda text, source: plain(_with_tables(text), source)
    pdoc.render.configure(docformat="numpy", math=True, show_source=False, footer_text="QUESTS Explorer")
    with tempfile.TemporaryDirectory() as temporary:
        # pdoc knows modules only: each page is the docstring of one.
        guide = Path(temporary, "guide")
        guide.mkdir()
        (guide / "__init__.py").write_text(_module(ROOT / "README.md"))
        for name, file in PAGES.items():
            (guide / f"{name}.py").write_text(_module(ROOT / "docs" / file))
        sys.path.insert(0, temporary)
        try:
            pdoc.pdoc("guide", "quests_core", *MODULES, output_directory=folder)
        finally:
            sys.path.remove(temporary)
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.md"))


def _with_tables(text: str) -> str:
    """Return a docstring with its tables of reStructuredText as Markdown, which pdoc knows."""
    return re.sub(r"^(=+) +=+\n(.*?)\n=+ +=+$", _table, text, flags=re.MULTILINE | re.DOTALL)


def _table(match: re.Match) -> str:
    width, rows = len(match[1]) + 1, []
    for line in match[2].splitlines():
        left, right = line[:width].strip(), line[width:].strip()
        if left:
            rows.append([left, right])
        else:
            rows[-1][1] += f" {right}"
    cells = (f"| {left} | {right} |" for left, right in rows)
    return "\n".join(["| | |", "|---|---|", *cells])


def _module(page: Path) -> str:
    text = page.read_text()
    for name, file in PAGES.items():
        target = f"guide/{name}.html" if page.name == "README.md" else f"{name}.html"
        text = text.replace(f"(docs/{file})", f"({target})").replace(f"({file})", f"({target})")
    return f"__doc__ = {text!r}\n"


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs")
