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
def test_the_default_wins_and_nothing_is_measured_twice(data_file, tmp_path):
    for name in ("cu_poet_19", "gap20_partial"):
        data_file(f"{name}.xyz.gz")
    command = [sys.executable, ROOT / "benchmarks" / "selection.py", "--quick", "--cache", tmp_path]
    first, again = (
        subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stderr
        for _ in range(2)
    )
    measured = [line for line in first.splitlines() if line.endswith("CPU s")]
    assert len(measured) == 6
    assert not any(line.endswith("CPU s") for line in again.splitlines())
    assert first.splitlines()[len(measured) :] == again.splitlines()
    rows = json.loads((tmp_path / "cu_poet_19.json").read_text())
    assert {row["method"] for row in rows} == {"msc", "balanced"}
    assert len(rows) == 20

    # It is an error if the default is worse than another method.
    for row in rows:
        if row["method"] == "balanced":
            row["overlap"] = 0.0
    (tmp_path / "cu_poet_19.json").write_text(json.dumps(rows))
    failed = subprocess.run([*command, "--kept"], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "balanced is at least as good as msc in 67 % of 15 cells" in failed.stderr
