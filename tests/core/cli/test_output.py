"""Tests of what commands write to files and streams."""

import gzip
import json
import os
import stat
import subprocess
import sys

import pytest

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import run, run_json


def test_output_is_compressed_by_suffix(file, tmp_path):
    for name in ("kept.xyz", "kept.xyz.gz"):
        run_json("compress", file, "-s", 3, "-k", 4, "-m", "random", "-o", tmp_path / name)
    assert gzip.decompress((tmp_path / "kept.xyz.gz").read_bytes()) == (tmp_path / "kept.xyz").read_bytes()


def test_existing_file_is_replaced_only_with_force(file, other, tmp_path):
    target = tmp_path / "kept.xyz"
    for command in (("compress", file), ("delta", file, other), ("learning-curve", file)):
        target.write_text("precious")
        done = run(*command, "-k", 4, "-o", target)
        assert done.exit_code == 1
        assert "--force replaces it" in done.stderr
        assert target.read_text() == "precious"
        assert run(*command, "-k", 4, "-o", target, "--dry-run").exit_code == 0
        assert target.read_text() == "precious"
        assert run(*command, "-k", 4, "-o", target, "--force").exit_code == 0
        assert target.read_text() != "precious"


def test_the_source_is_never_written_to(file, other):
    before = file.read_bytes()
    for command in (
        ("compress", file),
        ("compress", other, "-r", file),
        ("delta", other, file),
        ("delta", file),
    ):
        done = run(*command, "-k", 4, "-o", file, "--force")
        assert done.exit_code == 1
        assert "expected another file than the source" in done.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", ["compress", "delta"])
def test_unreadable_target_is_refused_before_computing(file, tmp_path, monkeypatch, command):
    monkeypatch.setattr(q.cli.common, "descriptors", lambda *_, **__: pytest.fail("refused too late"))
    for name, why in (
        ("kept.traj", "--output: expected a name that ends in .xyz, .extxyz"),
        ("kept", "--output: expected a name that ends in"),
        ("gone/kept.xyz", f"there is no folder {tmp_path / 'gone'}"),
    ):
        done = run(command, file, "-o", tmp_path / name)
        assert done.exit_code == 1
        assert why in done.stderr
        assert "kept" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_non_finite_numbers_are_null_in_json(capsys):
    from quests_core.cli.output import print_result

    print_result({"a": [float("nan"), 1.5], "b": float("inf")}, "", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.5], "b": None}


@pytest.mark.skipif(os.name == "nt", reason="modes, links and FIFOs of POSIX")
@pytest.mark.parametrize("command", [("compress",), ("delta",), ("learning-curve",)])
def test_force_keeps_permissions_and_replaces_only_regular_files(file, tmp_path, command):
    target, odd, link = (tmp_path / name for name in ("kept.xyz", "odd.xyz", "link.xyz"))
    target.write_text("old")
    target.chmod(0o640)
    os.mkfifo(odd)
    link.symlink_to(target)
    arguments = *command, file, "-k", 4, "--force"
    assert run(*arguments, "-o", target).exit_code == 0
    assert (stat.S_IMODE(target.stat().st_mode), target.read_text() != "old") == (0o640, True)
    target.write_text("old")
    assert run(*arguments, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert target.read_text() != "old"
    done = run(*arguments, "-o", odd)
    expected = f"Error: {odd}: expected a regular file, or none, to write to\n"
    assert (done.exit_code, done.stderr) == (1, expected)
    assert stat.S_ISFIFO(odd.stat().st_mode)


def test_file_created_during_the_computation_is_not_replaced(file, tmp_path, monkeypatch):
    target = tmp_path / "kept.xyz"
    compute = q.cli.common.descriptors

    def meanwhile(*arguments, **options):
        target.write_text("precious")
        return compute(*arguments, **options)

    monkeypatch.setattr(q.cli.common, "descriptors", meanwhile)
    done = run("compress", file, "-k", 4, "-m", "random", "-o", target)
    assert done.exit_code == 1
    assert "exists" in done.stderr
    assert target.read_text() == "precious"


# Import everything once, and run each command in a process that ends like any other.
FORKED = """
import json, os, sys
from quests_core.cli import main
for arguments in json.loads(sys.argv[1]):
    if os.fork() == 0:
        sys.argv = ["quests-explorer", *arguments]
        main()
        sys.exit()
    code = os.waitstatus_to_exitcode(os.wait()[1])
    print(code, arguments, file=sys.stderr, flush=True)
"""


@pytest.mark.costly
@pytest.mark.jit
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_full_output_device_is_one_line_of_error(file):
    compress = ["compress", "-o", "-", str(file), "-k", "4", "-m", "random"]
    commands = (
        ["bandwidth", "10"],
        ["datasets"],
        ["datasets", "--json"],
        ["--help"],
        ["--version"],
        compress,
    )
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            # From Python 3.12 on, a fork of a process with several threads, such as those of OpenBLAS, warns.
            [
                sys.executable,
                "-W",
                "ignore:This process:DeprecationWarning",
                "-c",
                FORKED,
                json.dumps(commands),
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    error = "Error: [Errno 28] No space left on device"
    assert done.stderr.splitlines() == [line for arguments in commands for line in (error, f"1 {arguments}")]
