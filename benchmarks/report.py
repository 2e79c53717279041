"""Write measured text between markers in a page."""

import logging
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE, LARGE_PAGE = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "large.md"


def write_section(name: str, lines: list[str], page: Path = PAGE) -> None:
    """Replace the text between ``<!-- name -->`` and ``<!-- /name -->`` in a page."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{page.name}: expected a section {name!r}")
    text = "\n".join(lines).strip("\n")
    page.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


def write_or_log(name: str, lines: list[str], page: Path, is_written: bool) -> None:
    """Replace a section of a page, or only log it."""
    if is_written:
        write_section(name, lines, page)
    else:
        logging.getLogger("report").info("%s", "\n".join(lines))
