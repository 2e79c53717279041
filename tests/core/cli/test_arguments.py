"""Tests of arguments and options that several commands share."""

import pytest

from tests.core.cli.commands import run, run_json


@pytest.mark.parametrize(
    ("size", "n"), [("1", 1), ("1.0", 8), ("0.5", 4), ("8", 8), ("50%", 4), ("12.5 %", 1)]
)
def test_sizes_are_counts_or_fractions(file, size, n):
    assert run_json("compress", file, "-s", size, "-k", 4, "-m", "random", "--dry-run")["n_frames"] == n


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, option)
        for command, options in {
            "describe": "efl", "compress": "efl", "entropy": "ef", "diversity": "ef", "metrics": "ef",
            "learning-curve": "ef", "delta": "ef", "overlap": "ef", "bandwidth": "l",
        }.items()
        for option in options
    ],
)  # fmt: skip
def test_unknown_key_is_an_error(command, option, keyed):
    option = {"e": "--energy-key", "f": "--forces-key", "l": "--label-key"}[option]
    more = {"compress": ["--dry-run"], "overlap": [keyed]}.get(command, [])
    done = run(command, keyed, *more, option, "absent")
    assert done.exit_code == 1
    assert f"Error: {option}: expected a key" in done.stderr
    assert "'absent'" in done.stderr


def test_flags_have_no_placeholder_in_the_help():
    shown = run("compress", "--help").stdout
    for flag in ("--json", "--force", "--dry-run", "--species"):
        (line,) = [line for line in shown.splitlines() if f" {flag} " in line]
        assert "<" not in line
    assert "balanced" in shown


@pytest.mark.parametrize(
    "command", [("compress", "-s", ""), ("compress", "-s", " "), ("learning-curve", "-f", "")]
)
def test_empty_size_is_a_usage_error(file, tmp_path, command):
    name, *options = command
    until = ("-u", "overlap=0.5") if name == "compress" else ()
    done = run(name, file, *options, *until, "-o", tmp_path / "out.xyz")
    assert done.exit_code == 2
    assert "expected a number like 100, or a fraction like 0.25" in " ".join(
        done.stderr.replace("│", " ").split()
    )
    assert not (tmp_path / "out.xyz").exists()
