"""Records of results."""

import datetime
import importlib.metadata
import json
import sys

import numpy as np

from quests_core.utils import provenance


def test_the_time_is_utc():
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(provenance.now())
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=1)


def test_versions_of_python_and_packages(monkeypatch):
    monkeypatch.setattr(provenance, "_PACKAGES", ("numpy", "no-such-package"))
    found = provenance.versions()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["numpy"] == importlib.metadata.version("numpy")
    assert found["no-such-package"] == "not installed as a package"


def test_a_record_is_json_with_any_text():
    content = {"δ": "Å", "name": "a\udcff.xyz", "n": [1, 2]}
    data = provenance.record_bytes(content)
    assert data.endswith(b"\n")
    assert json.loads(data.decode()) == content


def test_numbers_of_a_record_that_are_not_finite_are_null():
    data = provenance.record_bytes({"found": [{"energy": float("nan")}], "largest": np.float64("inf")})

    def refuse(name: str):
        raise AssertionError(name)

    assert json.loads(data, parse_constant=refuse) == {"found": [{"energy": None}], "largest": None}
