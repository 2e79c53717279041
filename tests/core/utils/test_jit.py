"""Compiled kernels are those of the present sources; work is shared among threads."""

import os
import threading
import time
from pathlib import Path

import pytest

import quests_core
from quests_core import get_num_threads, set_num_threads
from quests_core.utils import jit
from quests_core.utils.jit import compiled_sources, forget_stale_kernels
from quests_core.utils.threads import parallel_blocks


def test_compiled_kernels_of_other_sources_are_forgotten(tmp_path):
    source, cache = tmp_path / "inner" / "one.py", tmp_path / "inner" / "__pycache__"
    cache.mkdir(parents=True)
    source.write_text("from ..other import N\n\n@jit\ndef f(): ...\n")
    other, reader = tmp_path / "other.py", tmp_path / "reader.py"
    other.write_text("N = 1")
    reader.write_text("1")

    def compiled():
        return sorted(path.name for path in cache.iterdir())

    def compile_all():
        for name in ("one.nbi", "one.1.nbc", "one.pyc"):
            (cache / name).write_text("")

    compile_all()
    forget_stale_kernels(tmp_path)
    assert compiled() == ["one.pyc"], "no one knows what they were made from"
    compile_all()
    forget_stale_kernels(tmp_path)
    assert compiled() == ["one.1.nbc", "one.nbi", "one.pyc"]
    reader.write_text("2")
    forget_stale_kernels(tmp_path)
    assert compiled() == ["one.1.nbc", "one.nbi", "one.pyc"], "no compiled code is made from it"
    for changed in (other, source):
        changed.write_text(changed.read_text() + "\n# changed\n")
        compile_all()
        forget_stale_kernels(tmp_path)
        assert compiled() == ["one.pyc"]
        compile_all()
        forget_stale_kernels(tmp_path)
        assert compiled() == ["one.1.nbc", "one.nbi", "one.pyc"]


def test_sources_are_parsed_only_after_a_change(tmp_path, monkeypatch):
    source = tmp_path / "one.py"
    source.write_text("@jit\ndef f(): ...\n")
    forget_stale_kernels(tmp_path)
    compiled = tmp_path / "__pycache__" / "one.nbi"
    compiled.write_text("")
    parsed = []
    monkeypatch.setattr(jit, "compiled_sources", lambda package: parsed.append(package) or [source])
    forget_stale_kernels(tmp_path)
    assert not parsed
    os.utime(source, ns=(0, 0))
    forget_stale_kernels(tmp_path)
    assert parsed == [tmp_path]
    assert compiled.exists(), "the content is the same"
    forget_stale_kernels(tmp_path)
    assert parsed == [tmp_path]


def test_kernels_do_not_depend_on_modules_that_read_files():
    names = {path.name for path in compiled_sources(Path(quests_core.__file__).parent)}
    assert {"tiles.py", "leaf_simd.py", "msc.py", "simd.py"} <= names
    assert not {"read.py", "xyz_checks.py", "run_checks.py", "materials_cloud.py", "compress.py"} & names


@pytest.fixture
def threads():
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 9, 10, 11])
def test_blocks_cover_everything_once(threads, n_threads, n):
    threads(n_threads)
    found, told = [], []
    parallel_blocks(
        lambda first, last: found.extend(range(first, last)), n, 2, "step", lambda *c: told.append(c)
    )
    assert sorted(found) == list(range(n))
    assert all(step == "step" and 0 <= done <= total == n for step, done, total in told)
    assert not n or told[-1] == ("step", n, n)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("in_caller", [True, False])
def test_an_error_in_any_thread_reaches_the_caller_and_stops_the_rest(threads, n_threads, in_caller):
    threads(n_threads)
    started, caller = [], threading.current_thread()
    all_at_work = threading.Barrier(n_threads, timeout=30)

    def work(first, last):
        started.append(first)
        if len(started) <= n_threads:
            all_at_work.wait()
        if (threading.current_thread() is caller) == in_caller:
            raise ZeroDivisionError
        time.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        parallel_blocks(work, 1000, 1)
    assert len(started) < 100
    parallel_blocks(lambda first, last: None, 10, 1)


def test_a_caller_does_not_wait_for_helpers_that_are_busy_elsewhere(threads):
    threads(2)
    both_at_work, release = threading.Barrier(3, timeout=30), threading.Event()

    def long(first, last):
        both_at_work.wait()
        release.wait(30)

    other = threading.Thread(target=parallel_blocks, args=(long, 2, 1))
    other.start()
    both_at_work.wait()
    found = []
    try:
        parallel_blocks(lambda first, last: found.append(first), 5, 1)
        assert other.is_alive()
    finally:
        release.set()
        other.join(30)
    assert found == list(range(5))


def test_no_thread_more_than_wanted(threads):
    threads(3)
    names, slow = set(), threading.Event()

    def work(first, last):
        names.add(threading.current_thread().name)
        slow.wait(0.001)

    parallel_blocks(work, 100, 1)
    assert 1 <= len(names) <= 3
