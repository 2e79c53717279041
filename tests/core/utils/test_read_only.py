"""In a read-only installation with a read-only home, kernels are compiled without cache, with one warning."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quests_core
from quests_core.utils.jit import NO_CACHE

SCRIPT = """
import json
from quests_core.utils.jit import jit
from quests_core.compilation import first_time
from quests_core.descriptors.x1_x2 import describe_frames
report = {"folder": describe_frames.stats.cache_path, "wait": first_time()}
if report["folder"] is None:
    report["computed"] = jit(lambda x: 2 * x)(21)
print(json.dumps(report))
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs Python with a copy of the package; files block the cache directories."""
    package = tmp_path / "site" / "quests_core"
    shutil.copytree(Path(quests_core.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")

    def run_one(*arguments, **environment):
        base = {name: text for name, text in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
        base |= {"PYTHONPATH": str(package.parent), "HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-B", *arguments], cwd=tmp_path, env=base | environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    return run_one


@pytest.mark.jit
def test_kernels_are_compiled_without_being_stored(run):
    done = run("-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(NO_CACHE) == 1
    report = json.loads(done.stdout)
    assert report["folder"] is None
    assert "compiled in each process" in report["wait"]
    assert report["computed"] == 42


@pytest.mark.jit
@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_writable_cache_directory_is_used(run, tmp_path, variable):
    if variable != "NUMBA_CACHE_DIR" and sys.platform != "linux":
        pytest.skip("where a user's cache directory is depends on the system")
    (tmp_path / "writable").mkdir()
    done = run("-c", SCRIPT, **{variable: str(tmp_path / "writable")})
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(json.loads(done.stdout)["folder"]).is_relative_to(tmp_path / "writable")


@pytest.mark.costly
@pytest.mark.jit
def test_the_command_warns_once_and_works(run):
    done = run("-m", "quests_core.cli", "--help")
    assert done.returncode == 0
    assert "compress" in done.stdout
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1
