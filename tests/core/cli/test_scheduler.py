"""Commands whose work is done on a Dask cluster."""

import socket

import numpy as np
import pytest

from quests_core import Environments
from quests_core.cli import scheduler
from tests.core.cli.commands import run, run_json
from tests.core.cluster import local_client, without_dask

pytestmark = pytest.mark.jit


@pytest.fixture(scope="module")
def address(compiled):
    with local_client() as client:
        yield client.scheduler.address


def test_results_are_those_of_one_process(file, other, tmp_path, address):
    expected = run_json("metrics", file)
    there = ("--store", tmp_path / "a", "--scheduler", address)
    found = run_json("metrics", file, *there)
    for name in ("entropy", "diversity"):
        assert found[name] == pytest.approx(expected[name], abs=1e-6)
        assert run_json(name, file, *there)[name] == found[name]
    told = run_json("describe", file, other, "--store", tmp_path / "b", "--scheduler", address)
    alone = run_json("describe", file, other, "--store", tmp_path / "c")
    assert {**told, "store": ""} == {**alone, "store": ""}
    # This process may have compiled the kernels, which then differ in the last bit from those of workers.
    stored = [Environments.open(tmp_path / name).X for name in ("b", "c")]
    np.testing.assert_allclose(*stored, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("method", ["msc", "balanced"])
def test_compress_selects_the_frames_of_one_process(file, other, tmp_path, address, method):
    """The metrics, too, within the error of kernel sums."""
    chosen = ("-m", method, "-s", 6, "--excluded", "1,3", "--locked", 5)
    expected = run_json("compress", file, other, *chosen, "-o", tmp_path / "a.xyz")
    there = ("--store", tmp_path / "a", "--scheduler", address)
    found = run_json("compress", file, other, *chosen, "-o", tmp_path / "b.xyz", *there)
    for one in (expected, found):
        del one["output"]
    for name in ("metrics", *(["metrics_of_msc"] if method == "balanced" else [])):
        assert found.pop(name) == pytest.approx(expected.pop(name), abs=1e-5)
    assert found == expected
    assert (tmp_path / "a.xyz").read_bytes() == (tmp_path / "b.xyz").read_bytes()


def test_methods_that_workers_do_not_compute_are_refused_before_anything_is_read(tmp_path):
    options = ("--store", tmp_path / "a", "--scheduler", "tcp://127.0.0.1:1", "--dry-run")
    done = run("compress", tmp_path / "missing.xyz", "-m", "fps", *options)
    assert done.exit_code == 1
    assert "Error: --scheduler: expected a method that workers compute, one of" in done.stderr


def test_an_address_without_scheduler_is_named(file, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "_TIMEOUT", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        done = run("entropy", file, "--store", tmp_path / "a", "--scheduler", address)
    assert done.exit_code == 1
    assert f"Error: --scheduler: no scheduler answers at {address}" in done.stderr
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--scheduler: expected together with --store"),
        (("--store", "{}/a"), "--scheduler: expected an address such as tcp://host:8786, got 'nowhere'"),
    ],
)
def test_options_that_cannot_be_used_are_refused(file, tmp_path, options, message):
    options = [option.format(tmp_path) for option in options]
    for command in ("entropy", "diversity", "metrics", "describe"):
        done = run(command, file, *options, "--scheduler", "nowhere")
        assert done.exit_code == 1
        assert f"Error: {message}" in done.stderr


@pytest.mark.costly
def test_the_extra_is_named_if_it_is_missing(file, tmp_path):
    with without_dask():
        done = run("entropy", file, "--store", tmp_path / "a", "--scheduler", "tcp://127.0.0.1:1")
    assert done.exit_code == 1
    assert 'Error: --scheduler: install the extra "distributed"' in done.stderr
