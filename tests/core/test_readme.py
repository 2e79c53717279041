"""Tests of the example and the setup commands of the README."""

import re
from pathlib import Path

import pytest
from ase.io import read as ase_read

from quests_core import overlap
from tests.core.demo import every_third_frame

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.jit
def test_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = every_third_frame()
    Path("train.xyz").write_bytes(source)
    examples = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (example,) = (text for text in examples if "compression_curve" in text)
    namespace = {}
    exec(example, namespace)  # the README's own code
    subset = Path("subset.xyz").read_bytes()
    kept = ase_read("subset.xyz", ":")
    assert len(kept) == len(namespace["smallest"]) < len(namespace["frames"])
    subset_envs = namespace["envs"].take(namespace["smallest"].order)
    assert overlap(namespace["envs"], subset_envs) >= 0.95
    assert len(subset) < len(source)
    assert "information_loss" in capsys.readouterr().out


def test_setup_takes_two_commands():
    commands = [line for line in README.splitlines() if line.startswith("python3 ")]
    assert len(commands) == 2
    assert commands[0].endswith("panel serve app --show")
    assert commands[1].endswith("/pytest")
