"""Tests of the distribution of blocks over threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from quests_core import get_num_threads, set_num_threads
from quests_core.utils.threads import parallel_blocks, single_thread


@pytest.fixture
def threads():
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 9, 10, 11])
def test_blocks_cover_everything_once(threads, n_threads, n):
    threads(n_threads)
    found, calls = [], []
    parallel_blocks(
        lambda first, last: found.extend(range(first, last)), n, 2, "step", lambda *c: calls.append(c)
    )
    assert sorted(found) == list(range(n))
    assert all(step == "step" and 0 <= done <= total == n for step, done, total in calls)
    assert not n or calls[-1] == ("step", n, n)


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


def test_a_caller_does_not_wait_for_helpers_of_another_caller(threads):
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


def test_at_most_the_set_number_of_threads_runs(threads):
    threads(3)
    names, slow = set(), threading.Event()

    def work(first, last):
        names.add(threading.current_thread().name)
        slow.wait(0.001)

    parallel_blocks(work, 100, 1)
    assert 1 <= len(names) <= 3


def test_a_single_thread_is_used_where_it_is_asked_for(threads):
    threads(2)
    found, both = set(), threading.Barrier(2)
    with single_thread():
        with single_thread():
            pass
        parallel_blocks(lambda *_: found.add(threading.get_ident()), 50, 1)
        # Another thread is not affected.
        with ThreadPoolExecutor(1) as other:
            other.submit(parallel_blocks, lambda *_: both.wait(60), 2, 1).result()
    assert found == {threading.get_ident()}
    parallel_blocks(lambda *_: both.wait(60), 2, 1)
