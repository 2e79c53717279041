"""Formats that are opened hold nothing but data."""

import ast
import importlib
import inspect
import json
import pickle

import pytest
from ase.io.formats import ioformats

from quests_core import read
from quests_core.io.ase_formats import FORMATS

DANGEROUS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "import_module",
    "loads",
    "load",
    "Popen",
    "system",
    "call",
}
DANGEROUS |= {"check_call", "check_output", "run", "urlopen", "popen", "spawn", "literal_eval"}
HARMLESS = {"re.compile", "json.load", "json.loads"}


def calls_of(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.rpartition(".")[2] in DANGEROUS and called not in HARMLESS:
                yield called


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_reader_calls_what_could_execute(name):
    module = importlib.import_module(ioformats[name].module_name)
    own_compile = {"compile"} if "from re import compile" in inspect.getsource(module) else set()
    assert set(calls_of(module)) <= own_compile


def test_the_search_for_calls_finds_them():
    import ase.io.pickletrajectory

    assert {"pickle.load", "pickle.loads"} <= set(calls_of(ase.io.pickletrajectory))


class Trap:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        """Say what unpickling calls."""
        return open, (self.path, "w")


NAMES = (
    "x.pkl",
    "x.pickle",
    "x.traj",
    "x.db",
    "x.json",
    "x.gpw",
    "x.py",
    "x.bundle",
    "x.bundletrajectory",
    "x.npy",
)


@pytest.mark.parametrize("name", [*NAMES, "x.xyz", "x", "x.netcdftrajectory", "x.castep-cell", "x.mysql"])
def test_a_pickle_under_any_name_is_never_opened(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(ValueError, match=rf"^{name}[:,] "):
        read(path)
    assert not (tmp_path / "sprung").exists()


def test_code_under_the_name_of_a_format_is_not_run(tmp_path):
    for name in ("x.py", "x.castep-cell", "x.gaussian-in", "x.postgresql", "mysql.mysql"):
        path = tmp_path / name
        path.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
        with pytest.raises(ValueError, match="none of those that are opened here"):
            read(path)
    assert not (tmp_path / "sprung").exists()


def test_json_makes_no_object_but_data(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"__ase_objtype__": "os.system", "command": "true"}))
    with pytest.raises(ValueError, match=r"^x\.json: cannot be read"):
        read(path)
