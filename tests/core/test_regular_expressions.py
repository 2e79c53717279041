"""No regular expression of either package takes quadratic time for text from files or clients.

Python's `re` holds the GIL, so one such match blocks a server for all users.
"""

import ast
import importlib
import re
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.jit
ROOT = Path(__file__).parents[2]
PACKAGES = {"quests_core": ROOT / "quests_core", "quests_app": ROOT / "app"}
# Applied to the sources of the package only.
OURS = {"quests_core.utils.kernel_cache:_COMPILED"}
# Parts of text that the expressions match, or nearly match.
PARTS = (
    "a", "1", "1.", ".1", "1e", "1d+", "-", "=", " ", "\t", "\n", ",", ", ", ":", ";", "\\", '"', "'", "`",
    "{", "[", "]", "(", "$", "_", "/", ".", "é", "⁻", "\x1b", "a:", "a:R:1:", "a=1 ", '"a" ', "<link ",
    '<link href="http', "energy", "energy ", "free_energy_", "stress", "units", "lattice \t",
    "Number of atoms:", "positions{", "xyz_",
)  # fmt: skip
ENDS = ("", "x", "!", "\n")
SHORT, LONG = 1000, 8000


def modules():
    """Yield name and path of each module."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join([package, *parts]).removesuffix(".__init__"), path


def uses_re(path):
    return any(
        isinstance(node, ast.Import) and any(alias.name == "re" for alias in node.names)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def calls_of_re(path):
    """Return the names of the functions of `re` that a module calls."""
    return [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    ]


def patterns():
    """Yield the name and expression of all patterns in modules, including those in dictionaries."""
    for module, path in modules():
        if not uses_re(path):
            continue
        for name, value in vars(importlib.import_module(module)).items():
            for key, one in value.items() if isinstance(value, dict) and name[0] == "_" else [("", value)]:
                if isinstance(one, re.Pattern) and f"{module}:{name}" not in OURS:
                    yield f"{module}:{name}{key}", one


EXPRESSIONS = dict(patterns())
# Patterns used only by `match` or `fullmatch`; the others are tested by `search`, the worst case.
ANCHORED = {
    # Names of keys, matched in full.
    "quests_core.io.label_names:_NAME",
    "quests_core.potentials.stored:_FORCES",
    "quests_core.potentials.stored:_ENERGY",
    # Words of comments by i-PI, which are split first.
    "quests_core.io.xyz_header:_IPI_WORD",
    # Elements, pieces and tokens, each matched at the end of the last one.
    "quests_core.io.xyz_values:_ELEMENT",
    "quests_core.io.xyz_values:_INTEGER",
    "quests_core.io.xyz_values:_REAL",
    "quests_core.io.xyz_comment:_INSIDE{",
    "quests_core.io.xyz_comment:_INSIDE[",
    'quests_core.io.xyz_comment:_QUOTED"',
    "quests_core.io.xyz_comment:_QUOTED'",
    "quests_core.utils.escape:_NUMBER",
    "quests_app.analysis.filter_syntax:_TOKEN",
}


def seconds(name, text):
    pattern, begun = EXPRESSIONS[name], time.process_time()
    pattern.match(text)
    pattern.fullmatch(text)
    if name not in ANCHORED:
        pattern.search(text)
        pattern.sub("", text)
        pattern.findall(text)
    return time.process_time() - begun


def test_expressions_are_compiled_once_under_a_name():
    """Other calls would not be found by these tests."""
    for module, path in modules():
        assert set(calls_of_re(path)) <= {"compile"}, module
    n_compiled = sum(calls_of_re(path).count("compile") for _, path in modules())
    assert len(EXPRESSIONS) + len(OURS) == n_compiled
    assert EXPRESSIONS.keys() >= ANCHORED


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_time_is_in_proportion_to_the_length(name):
    """Eight times the length takes less than twenty-four times as long; quadratic time would take 64."""
    for part in PARTS:
        for end in ENDS:
            short, long = (part * (n // len(part)) + end for n in (SHORT, LONG))
            # Short times are dominated by the clock; quadratic time would be at least 25 ms.
            if seconds(name, long) < 10e-3:
                continue
            least = max(min(seconds(name, short) for _ in range(3)), 0.5e-3)
            assert min(seconds(name, long) for _ in range(3)) < 24 * least, (part, end)


@pytest.mark.parametrize("text", ["a" * 16_000, "a:R:" + "1" * 16_000, "a:" * 16_000, "a:R:1:" * 4000])
def test_columns_are_read_in_linear_time(text):
    """They are split, as searching for a colon would start at each character of a name."""
    from quests_core.io.xyz_checks import XyzError
    from quests_core.io.xyz_header import _columns

    def spent(text):
        begun = time.process_time()
        with pytest.raises(XyzError):
            _columns(text)
        return time.process_time() - begun

    assert min(spent(text * 8) for _ in range(2)) < 24 * max(min(spent(text) for _ in range(2)), 1e-3)
