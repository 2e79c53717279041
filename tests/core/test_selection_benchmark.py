"""Tests of the benchmark of methods: its quick part passes, and stored measurements are reused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.jit
@pytest.mark.slow
def test_the_default_wins_and_nothing_is_measured_twice(tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / "selection.py", "--quick", "--cache", tmp_path]
    first, again = (
        subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stderr
        for _ in range(2)
    )
    measured = [line for line in first.splitlines() if line.endswith("CPU s")]
    assert len(measured) == 12
    assert not any(line.endswith("CPU s") for line in again.splitlines())
    assert first.splitlines()[len(measured) :] == again.splitlines()
    stored = sorted(tmp_path.glob("*.json"))
    assert len(stored) == 6
    rows = json.loads(stored[0].read_text())
    assert {row["method"] for row in rows} == {"msc", "balanced"}
    assert len(rows) == 20

    # It is an error if the default is worse than claimed.
    for path in stored[:3]:
        rows = json.loads(path.read_text())
        path.write_text(
            json.dumps([row | {"overlap": row["overlap"] * (row["method"] == "msc")} for row in rows])
        )
    failed = subprocess.run([*command, "--kept"], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "balanced, first three at once: expected at least 75 % of 30 cells, got" in failed.stderr
