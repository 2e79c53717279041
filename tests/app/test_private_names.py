"""Private names of other packages: all those used are listed, and the listed ones exist."""

import ast
from operator import attrgetter
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
import pytest
from panel.io import document as panel_document

import quests_app

APP = Path(quests_app.__file__).parent
# The dashboard does not work without these, so a release that removes one must fail here.
NEEDED = {
    "_bundle": (pmui.base.MaterialComponent, "where the notebook's stand-in for Material is put"),
    "_config_columns": (pn.widgets.Tabulator, "widths of columns"),
    "_file_buffer": (pn.widgets.FileDropper(), "the limit of an upload"),
    "_get_model": (pn.widgets.Tabulator, "rows that arrive while a table is built"),
    "_hooks": (pn.Column(), "style sheets of a view in a notebook"),
    "_models": (pn.Column(), "which models a view in a notebook has"),
    "_on_msg": (pn.Column(), "what the page says in a notebook"),
    "_process_event": (pn.widgets.FileDropper(), "the limit of an upload"),
    "_repr_mimebundle_": (pn.Column(), "what IPython calls"),
    "_send_msg": (pn.custom.JSComponent, "the content of a download"),
    "_views": (pn.state, "documents of views in a notebook"),
}
# These are looked up with a guard: if one is missing, the workaround is disabled.
GUARDED = {
    "_dispatch_msgs", "_WRITE_BLOCK", "_WRITE_MSGS", "_WRITE_EVENTS", "_get_default",
    "_schedule_busy_cleanup",
}  # fmt: skip
PYTHON = {"_exit", "_run_exitfuncs"}


def names_of(tree):
    """Return the private names used as attributes, and those defined."""
    used, defined = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            (defined if of_own and isinstance(node.ctx, ast.Store) else used).add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
    return {name for name in used if name.startswith("_") and not name.startswith("__")}, defined


def test_no_other_private_name_is_used():
    trees = [names_of(ast.parse(path.read_text(encoding="utf-8"))) for path in APP.rglob("*.py")]
    used = set().union(*(one for one, _ in trees))
    defined = set().union(*(two for _, two in trees))
    assert used - defined <= NEEDED.keys() | GUARDED | PYTHON


@pytest.mark.parametrize("name", NEEDED)
def test_a_required_private_name_exists(name):
    owner, what_for = NEEDED[name]
    assert attrgetter(name)(owner) is not None, what_for


def test_one_of_the_queues_of_the_workaround_exists():
    """Without any of them, `quests_app.server.panel_patch` does nothing and can be removed."""
    assert any(hasattr(panel_document, name) for name in ("_WRITE_MSGS", "_WRITE_EVENTS"))
