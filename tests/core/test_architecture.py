"""Import rules, checked in the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.jit
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"quests_core": ROOT / "quests_core", "quests_app": ROOT / "app"}
CORE, APP = FOLDERS.values()
TESTS = {"quests_core": ROOT / "tests" / "core", "quests_app": ROOT / "tests" / "app"}
SCREEN = {"panel", "param", "bokeh", "holoviews", "datashader", "umap", "quests_app", "app"}
NOT_FOR_THE_LIBRARY = SCREEN | {"matplotlib", "panel_material_ui", "tblite"}
# Folders and root modules in the order of the data flow: each imports only from earlier ones.
ORDER = {
    "quests_core": (
        "progress", "utils", "io", "kernel_sums", "store", "environments", "descriptors", "compilation",
        "information", "selection", "warm_up", "health", "published", "potentials", "cli",
    ),
    "quests_app": (
        "analysis", "text", "server", "plots", "widgets", "exports", "jobs", "session", "views", "page",
        "notebook", "cli", "endpoints", "launcher", "app_hooks", "main",
    ),
}  # fmt: skip


# Modules without a test of their name: declarations, and components whose code runs in a browser
# (see tests/browser).
UNTESTED = {"jobs/activity", "widgets/download", "widgets/drawn_signal"}


def modules(folder):
    return sorted(folder.rglob("*.py"))


def ids(path):
    return str(path.relative_to(ROOT))


def package_of(path):
    return next(name for name, folder in FOLDERS.items() if folder in path.parents)


def dotted(path, folder=None, package=None):
    """Return the dotted name of a module."""
    package = package or package_of(path)
    parts = [package, *path.relative_to(folder or FOLDERS[package]).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_lines(path, folder=None, package=None):
    """Return line, source and absolute names of each import, including lazy and typing imports."""
    name = dotted(path, folder, package)
    parent = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    lines = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = parent[: len(parent) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        lines.append((node.lineno, ast.unparse(node), names))
    return lines


def imported(path):
    return {name for _, _, names in import_lines(path) for name in names}


def reaches(names, module):
    return {name for name in names if name == module or name.startswith(module + ".")}


def upward(path, order, folder=None, package=None):
    """Return the lines of a module that import from a folder after its own."""
    parts = dotted(path, folder, package).split(".")
    if len(parts) == 1:
        return []
    assert parts[1] in order, f"{path}: {parts[1]!r} has no place in ORDER"
    before = order[: order.index(parts[1]) + 1]
    return [
        f"{path}:{number}: {source}"
        for number, source, names in import_lines(path, folder, package)
        for name in names
        if name.startswith(f"{parts[0]}.") and name.split(".")[1] in set(order) - set(before)
    ]


def test_the_reader_of_imports_sees_all_kinds(tmp_path):
    (tmp_path / "views").mkdir()
    path = tmp_path / "views" / "one.py"
    path.write_text("import a.b\nfrom ..state import S\nfrom . import two\ndef f():\n    from c import d\n")
    found = {name for _, _, names in import_lines(path, tmp_path, "top") for name in names}
    assert found == {"a.b", "top.state.S", "top.views.two", "c.d"}
    path = tmp_path / "views" / "__init__.py"
    path.write_text("from .one import f\n")
    assert import_lines(path, tmp_path, "top") == [(1, "from .one import f", ["top.views.one.f"])]


@pytest.mark.parametrize(
    "code",
    [
        "from .last import x",
        "from . import last",
        "def f():\n    from .last.inner import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from top.last import x",
        "import top.last.inner",
    ],
)
def test_an_upward_import_is_found_and_printed(tmp_path, code):
    path = tmp_path / "first.py"
    path.write_text(code)
    (line,) = upward(path, ("first", "last"), tmp_path, "top")
    assert line.startswith(f"{path}:{len(code.splitlines())}: ")
    assert upward(path, ("last", "first"), tmp_path, "top") == []


@pytest.mark.parametrize("path", modules(CORE) + modules(APP), ids=ids)
def test_a_module_imports_only_from_folders_before_its_own(path):
    lines = upward(path, ORDER[package_of(path)])
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("package", FOLDERS)
def test_modules_do_not_import_in_a_circle(package):
    """Including lazy and typing imports; packages count as modules, except the root."""
    paths = {dotted(path): path for path in modules(FOLDERS[package])}
    del paths[package]
    graph = {}
    for name, path in paths.items():
        found = {one if one in paths else one.rpartition(".")[0] for one in imported(path)}
        graph[name] = found & paths.keys() - {name}
    assert any(graph.values())
    while graph:
        leaves = {name for name, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"circle among {sorted(graph)}"
        graph = {name: needed for name, needed in graph.items() if name not in leaves}


@pytest.mark.parametrize("path", modules(CORE), ids=ids)
def test_the_library_knows_no_screen(path):
    assert not {name for name in imported(path) if name.split(".")[0] in NOT_FOR_THE_LIBRARY}


@pytest.mark.parametrize("path", modules(CORE), ids=ids)
def test_numba_is_known_to_few_modules(path):
    """The modules for options, storage, threads and explicit vectors."""
    known = (
        "utils/jit",
        "utils/kernel_cache",
        "utils/threads",
        "kernel_sums/simd",
        "kernel_sums/leaf_simd",
        "descriptors/sorting_network",
    )
    if str(path.relative_to(CORE).with_suffix("")) not in known:
        assert not reaches(imported(path), "numba")


def test_the_greedy_engine_knows_no_method():
    found = imported(CORE / "selection" / "greedy.py")
    siblings = {path.stem for path in modules(CORE / "selection")} - {"greedy", "__init__"}
    assert not [one for one in siblings if reaches(found, f"quests_core.selection.{one}")]


@pytest.mark.parametrize("path", modules(APP / "views"), ids=ids)
def test_views_do_not_know_each_other(path):
    if path.parent == APP / "views":
        return
    found = reaches(imported(path), "quests_app.views")
    # Modules outside the folders of the tabs are shared.
    assert not [name for name in found if (APP / "views" / name.split(".")[2]).is_dir()]


@pytest.mark.parametrize("path", modules(APP / "plots"), ids=ids)
def test_plots_know_no_state(path):
    assert not reaches(imported(path), "param")


@pytest.mark.parametrize("name", ["session/state", "jobs/activity"])
def test_state_knows_no_widget_and_no_plot(name):
    found = imported(APP / f"{name}.py")
    for one in ("plots", "widgets"):
        assert not reaches(found, f"quests_app.{one}")
    assert not {name.split(".")[0] for name in found} & {"panel", "bokeh", "holoviews", "datashader"}


@pytest.mark.parametrize("path", [*modules(APP / "analysis"), *modules(APP / "text")], ids=ids)
def test_analysis_and_text_know_no_screen(path):
    found = {name.split(".")[0] for name in imported(path)}
    assert not found & {"panel", "param", "bokeh", "panel_material_ui"}


@pytest.mark.parametrize("path", modules(CORE) + modules(APP), ids=ids)
def test_nothing_imports_main_or_cli(path):
    if path.parent in (CORE / "cli", APP / "cli"):
        return
    for one in ("quests_app.main", "quests_app.cli", "quests_core.cli"):
        assert not reaches(imported(path), one)


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
    code = (
        "import sys, quests_core\n"
        f"print(sorted({{m.split('.')[0] for m in sys.modules}} & {NOT_FOR_THE_LIBRARY - {'app'}!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", FOLDERS)
def test_every_folder_of_modules_is_a_package(package):
    """Setuptools includes only packages."""
    folders = {path.parent for path in modules(FOLDERS[package])}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def without_test(folder, tests):
    """Return the modules of a folder that have no test file of their name in the mirrored folder."""
    names = [path.relative_to(folder) for path in modules(folder) if not path.stem.startswith("__")]
    return [str(name) for name in names if not (tests / name.parent / f"test_{name.name}").exists()]


def test_a_module_without_a_test_is_found(tmp_path):
    for name in ("a/one.py", "a/two.py", "a/__init__.py", "tests/a/test_one.py", "tests/test_two.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert without_test(tmp_path / "a", tmp_path / "tests" / "a") == ["two.py"]


@pytest.mark.parametrize("package", FOLDERS)
def test_the_test_of_a_module_is_found_by_its_name(package):
    folder = FOLDERS[package]
    missing = {name.removesuffix(".py") for name in without_test(folder, TESTS[package])}
    assert not missing - UNTESTED
    needless = {name for name in UNTESTED if (folder / f"{name}.py").exists()} - missing
    assert not needless, "these have a test"
