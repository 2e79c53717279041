"""Files in the supported formats cannot run code."""

import ast
import contextlib
import importlib
import inspect
import json
import pickle
import sqlite3

import ase.io
import pytest
from ase.build import bulk
from ase.io.formats import ioformats

from quests_core import read
from quests_core.io import read_process
from quests_core.io.ase_formats import FORMATS
from quests_core.io.read_process import read_in_process
from tests.hostile import files

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
def test_no_reader_calls_functions_that_execute_code(name):
    module = importlib.import_module(ioformats[name].module_name)
    own_compile = {"compile"} if "from re import compile" in inspect.getsource(module) else set()
    assert set(calls_of(module)) <= own_compile


def test_the_search_finds_such_calls():
    import ase.io.pickletrajectory

    assert {"pickle.load", "pickle.loads"} <= set(calls_of(ase.io.pickletrajectory))


class Trap:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        """Create a file when unpickled."""
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


def test_code_with_the_name_of_a_format_is_not_executed(tmp_path):
    for name in ("x.py", "x.castep-cell", "x.gaussian-in", "x.postgresql", "mysql.mysql"):
        path = tmp_path / name
        path.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
        with pytest.raises(ValueError, match="unsupported format"):
            read(path)
    assert not (tmp_path / "sprung").exists()


def test_json_creates_only_data(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"__ase_objtype__": "os.system", "command": "true"}))
    with pytest.raises(ValueError, match=r"^x\.json: cannot be read"):
        read(path)


@pytest.fixture(scope="module", autouse=True)
def end():
    yield
    read_process.close()


@pytest.mark.parametrize("number", ["999999999999", "-1", "1e300", "x"])
@pytest.mark.parametrize("key", ["_space_group_IT_number", "_symmetry_space_group_setting"])
def test_a_cif_with_invalid_symmetry_is_refused(tmp_path, key, number):
    path = tmp_path / "x.cif"
    path.write_text(files.cif_of_operations(0).replace("loop_", f"{key} {number}\nloop_", 1))
    with pytest.raises(ValueError, match=r"^x\.cif: cannot be read: "):
        read_in_process(path)


def test_a_view_in_a_database_is_refused(tmp_path):
    path = tmp_path / "x.db"
    ase.io.write(path, [bulk("Cu")] * 3)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE systems RENAME TO others")
        database.execute(
            "CREATE VIEW systems AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
            "SELECT others.* FROM c, others"
        )
    for reads in (read, read_in_process):
        with pytest.raises(ValueError, match=r"^x\.db: cannot be read: expected a database of tables"):
            reads(path)


def test_the_cfg_of_another_program_is_named(tmp_path):
    (tmp_path / "train.cfg").write_text("BEGIN_CFG\n Size\n    2\n")
    with pytest.raises(ValueError, match=r"^train\.cfg: cannot be read: the \.cfg of MTP is not supported"):
        read(tmp_path / "train.cfg")
