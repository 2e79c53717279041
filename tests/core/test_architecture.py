"""Who may import whom, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "quests_core"
APP = ROOT / "app"
SCREEN = {"panel", "param", "bokeh", "holoviews", "datashader", "umap", "quests_app", "app"}
NOT_FOR_THE_LIBRARY = SCREEN | {"matplotlib", "panel_material_ui", "tblite"}


def modules(folder):
    return sorted(folder.rglob("*.py"))


def imports(path, root, package, anywhere=True):
    """Return the absolute dotted names that a module imports, at its top or anywhere in it."""
    parts = [package, *path.relative_to(root).with_suffix("").parts]
    if parts[-1] != "__init__":
        parts = parts[:-1]
    else:
        parts.pop()
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if anywhere else tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            found |= {".".join([*module, alias.name]) for alias in node.names} | {".".join(module)}
    return found


def core_imports(path):
    return imports(path, CORE, "quests_core")


def app_imports(path):
    return imports(path, APP, "quests_app")


def ids(path):
    return str(path.relative_to(ROOT))


def reaches(names, module):
    return {name for name in names if name == module or name.startswith(module + ".")}


def test_the_reader_of_imports_sees_all_kinds(tmp_path):
    (tmp_path / "views").mkdir()
    path = tmp_path / "views" / "one.py"
    path.write_text("import a.b\nfrom ..state import S\nfrom . import two\ndef f():\n    from c import d\n")
    found = imports(path, tmp_path, "top")
    assert {"a.b", "top.state", "top.state.S", "top.views", "top.views.two", "c", "c.d"} == found
    path = tmp_path / "views" / "__init__.py"
    path.write_text("from .one import f\n")
    assert "top.views.one" in imports(path, tmp_path, "top")


@pytest.mark.parametrize("path", modules(CORE), ids=ids)
def test_the_library_knows_no_screen(path):
    assert not {name for name in core_imports(path) if name.split(".")[0] in NOT_FOR_THE_LIBRARY}


@pytest.mark.parametrize("path", modules(CORE), ids=ids)
def test_numba_is_known_to_three_modules(path):
    """To the one that decides on options and threads, and to the two that write vectors."""
    if path.name not in ("_numba.py", "vectors.py", "lanes.py"):
        assert not reaches(core_imports(path), "numba")


def test_modules_of_the_library_do_not_import_in_a_circle():
    graph = {}
    for path in modules(CORE):
        if path.name == "__init__.py":
            continue
        name = ".".join(["quests_core", *path.relative_to(CORE).with_suffix("").parts])
        graph[name] = imports(path, CORE, "quests_core", anywhere=False)
    graph = {name: {other for other in graph if other in found} for name, found in graph.items()}
    assert any(graph.values())
    while graph:
        leaves = {name for name, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"circle among {sorted(graph)}"
        graph = {name: needed for name, needed in graph.items() if name not in leaves}


# Frames -> environments -> kernel sums -> selection order -> curve: never backwards.
FORBIDDEN = {
    "_validation.py": ["kernel", "entropy", "selection", "curve", "io", "descriptors"],
    "progress.py": ["environments", "kernel", "entropy", "selection", "curve", "io", "descriptors"],
    "environments.py": ["kernel", "entropy", "selection", "curve", "io", "descriptors"],
    "neighbors.py": ["descriptors", "kernel", "entropy", "selection", "curve", "io"],
    "descriptors.py": ["kernel", "entropy", "selection", "curve", "io"],
    "tree.py": ["kernel", "entropy", "selection", "curve", "io", "descriptors", "neighbors"],
    "kernel.py": ["entropy", "selection", "curve", "io", "descriptors", "neighbors"],
    "entropy.py": ["selection", "curve", "io", "descriptors", "neighbors"],
    "curve.py": ["io", "descriptors", "neighbors"],
    "targets.py": ["io", "descriptors", "neighbors"],
    "repeats.py": ["io", "descriptors", "neighbors", "targets"],
    "learning.py": ["selection", "curve", "io", "descriptors", "neighbors"],
    "sampling.py": ["selection", "curve", "io", "descriptors", "neighbors"],
    "approximate.py": ["selection", "curve", "io", "descriptors", "neighbors"],
    "bandwidth.py": ["selection", "curve", "io", "descriptors", "neighbors"],
    "species.py": ["kernel", "entropy", "selection", "curve", "io"],
    "io.py": ["kernel", "entropy", "selection", "curve", "descriptors", "neighbors"],
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_library_flows_in_one_direction(name):
    found = core_imports(CORE / name)
    backwards = [one for one in FORBIDDEN[name] if reaches(found, f"quests_core.{one}")]
    assert not backwards


def test_selection_knows_neither_files_nor_curves():
    for path in modules(CORE / "selection"):
        for one in ("io", "descriptors", "neighbors", "curve"):
            assert not reaches(core_imports(path), f"quests_core.{one}"), path.name


def test_the_greedy_engine_knows_no_method():
    found = core_imports(CORE / "selection" / "greedy.py")
    siblings = {path.stem for path in modules(CORE / "selection")} - {"greedy", "__init__"}
    assert not [one for one in siblings if reaches(found, f"quests_core.selection.{one}")]


@pytest.mark.parametrize("path", modules(APP), ids=ids)
def test_views_do_not_know_each_other(path):
    if path.parent.name != "views" or path.name == "__init__.py":
        return
    others = {other.stem for other in modules(APP / "views")} - {path.stem, "__init__"}
    assert not [one for one in others if reaches(app_imports(path), f"quests_app.views.{one}")]


@pytest.mark.parametrize("path", modules(APP / "plots"), ids=ids)
def test_plots_know_no_state(path):
    found = app_imports(path)
    assert not [one for one in ("state", "jobs", "views", "main") if reaches(found, f"quests_app.{one}")]
    assert not reaches(found, "param")


def test_state_knows_no_widget_and_no_plot():
    found = app_imports(APP / "state.py")
    assert not [one for one in ("plots", "views", "main") if reaches(found, f"quests_app.{one}")]
    assert not {name.split(".")[0] for name in found} & {"panel", "bokeh", "holoviews", "datashader"}


@pytest.mark.parametrize("path", modules(CORE) + modules(APP), ids=ids)
def test_nothing_imports_main_or_cli(path):
    if path.parent == CORE / "cli":
        return
    found = core_imports(path) if CORE in path.parents else app_imports(path)
    for one in ("quests_app.main", "quests_app.cli", "quests_core.cli"):
        assert not reaches(found, one)


@pytest.mark.parametrize("path", [*modules(CORE)], ids=ids)
def test_the_library_neither_asserts_nor_prints(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print"
            assert not called.startswith("np.random.") or called.startswith("np.random.default_rng")


def test_importing_the_library_brings_no_screen():
    import subprocess
    import sys

    code = (
        "import sys, quests_core\n"
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & {NOT_FOR_THE_LIBRARY - {'app'}!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", modules(APP / "facts"), ids=ids)
def test_facts_know_no_screen_and_no_session(path):
    found = app_imports(path)
    assert not {name.split(".")[0] for name in found} & {"panel", "param", "bokeh", "panel_material_ui"}
    session = ("state", "jobs", "explorer", "history", "views", "plots", "layout", "main")
    assert not [one for one in session if reaches(found, f"quests_app.{one}")]
