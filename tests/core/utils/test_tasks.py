"""Tasks on a cluster: order, progress, cancellation, and what is said when something dies."""

import os
import subprocess
import sys
import time
from contextlib import closing

import pytest

from quests_core import Cancelled, Progress
from quests_core.utils import tasks
from quests_core.utils.tasks import Task, check_client, run_in_order, run_together
from quests_core.utils.threads import parallel_blocks
from tests.core.cluster import NO_KILL, PATIENCE, WITHOUT, killed_worker, without_dask

pytestmark = pytest.mark.jit


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.01)
    return path


def touch(path):
    open(path, "w").close()
    return path


def fail(kind):
    raise kind("argument: expected something else")


def exit_process():
    os._exit(1)


def threads_used():
    import threading

    found = set()
    parallel_blocks(lambda *_: found.add(threading.get_ident()), 50, 1)
    return len(found)


def test_results_come_in_the_order_of_the_tasks(client, tmp_path):
    """Also if the first one ends last."""
    path = str(tmp_path / "last")
    assert list(run_in_order(client, [Task(wait_for, (path,)), Task(touch, (path,))])) == [path, path]


def test_few_tasks_are_submitted_at_a_time(client):
    taken = []

    def many():
        for i in range(200):
            taken.append(i)
            yield Task(abs, (-i,))

    for i, value in enumerate(run_in_order(client, many())):
        assert value == i
        assert len(taken) <= i + 1 + 2 * tasks._HELD_PER_THREAD


def test_progress_ends_with_all_work(client):
    calls = []
    made = [Task(abs, (-i,), work=i) for i in range(6)]
    assert sum(run_in_order(client, made, "counting", lambda *call: calls.append(call), 15)) == 15
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)
    assert calls[-1] == ("counting", 15, 15)


def test_cancelling_releases_what_is_left(client, tmp_path):
    progress = Progress()
    progress.cancel()
    path = str(tmp_path / "never")
    with pytest.raises(Cancelled, match=r"^cancelled during waiting"):
        list(run_in_order(client, [Task(wait_for, (path,))] * 9, "waiting", progress))
    touch(path)
    assert list(run_in_order(client, [Task(abs, (-1,))])) == [1]


def test_tasks_run_together_and_report_while_they_do(client, tmp_path):
    path = str(tmp_path / "last")
    made = [Task(wait_for, (path,)), Task(abs, (-1,))]
    assert run_together(client, made, lambda: touch(path)) == [path, 1]
    assert run_together(client, []) == []
    with pytest.raises(ValueError, match=r"^argument: expected something else$"):
        run_together(client, [Task(abs, (-1,)), Task(fail, (ValueError,))])


def test_cancelling_ends_tasks_that_run_together(client, tmp_path):
    progress, path = Progress(), str(tmp_path / "never")
    progress.cancel()
    with pytest.raises(Cancelled):
        run_together(client, [Task(wait_for, (path,))] * 3, lambda: progress("waiting", 0, 1))
    touch(path)
    assert run_together(client, [Task(abs, (-1,))]) == [1]


def test_errors_of_workers_are_raised_here(client):
    with pytest.raises(ValueError, match=r"^argument: expected something else$"):
        list(run_in_order(client, [Task(fail, (ValueError,))]))
    with pytest.raises(FileNotFoundError, match=r"seen from a worker; workers need the same files"):
        list(run_in_order(client, [Task(os.stat, ("/nowhere/a.xyz",))]))


def test_an_error_of_the_tasks_follows_the_results_before(client):
    def broken():
        yield Task(abs, (-1,))
        raise ValueError("no more")

    found = []
    with closing(run_in_order(client, broken())) as results, pytest.raises(ValueError, match="no more"):
        found.extend(results)
    assert found == [1]


def test_a_task_runs_in_one_thread(client):
    """A worker runs as many tasks as it has threads."""
    assert list(run_in_order(client, [Task(threads_used, ())] * 2)) == [1, 1]


@NO_KILL
def test_what_a_killed_worker_ran_is_repeated(client, tmp_path):
    with killed_worker(client, "abs", tmp_path) as killed:
        made = [Task(abs, (-i,)) for i in range(20)]
        assert list(run_in_order(client, made)) == list(range(20))
        assert killed.exists()


def test_a_task_that_kills_its_workers_is_named(client):
    scheduler = client.cluster.scheduler
    before, scheduler.allowed_failures = scheduler.allowed_failures, 0
    try:
        with pytest.raises(OSError, match=r"^client: 1 workers died while they ran the same task, .* memory"):
            list(run_in_order(client, [Task(exit_process, ())]))
    finally:
        scheduler.allowed_failures = before
    client.wait_for_workers(2, timeout=PATIENCE)


@NO_KILL
def test_a_scheduler_that_is_killed_is_named(tmp_path):
    distributed = pytest.importorskip("distributed", reason=WITHOUT)
    file = tmp_path / "scheduler.json"
    options = ["--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file]
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", "scheduler", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(file)
        # Tasks wait, as there is no worker; the first call of `progress` comes while they do.
        with distributed.Client(scheduler_file=str(file), timeout=60) as client:
            address, expected = client.scheduler.address, r"^client: the connection to the scheduler at "
            with pytest.raises(ConnectionError, match=expected + address):
                list(run_in_order(client, [Task(abs, (-1,))], "", lambda *_: process.kill()))
    finally:
        process.kill()
        process.wait()


def test_what_is_no_client_is_refused(client):
    with pytest.raises(TypeError, match=r"^client: expected a synchronous dask.distributed.Client, got str$"):
        check_client("tcp://127.0.0.1:8786")
    with type(client)(client.scheduler.address) as closed:
        assert check_client(closed) is closed
    with pytest.raises(ConnectionError, match=r"was lost"):
        check_client(closed)


def test_the_extra_is_named_if_it_is_missing():
    with without_dask(), pytest.raises(ImportError, match=r"^client: install the extra"):
        check_client(object())


@pytest.mark.costly
def test_the_given_client_is_used_if_another_or_none_is_the_default(client):
    """As in a command, or a second cluster in a notebook."""
    code = (
        "import sys; from distributed import Client; from quests_core.utils.tasks import Task, run_in_order\n"
        "with Client(sys.argv[1], set_as_default=False) as client:\n"
        "    print(list(run_in_order(client, [Task(abs, (-i,)) for i in range(9)])))"
    )
    command = [sys.executable, "-c", code, client.scheduler.address]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.strip() == str(list(range(9)))
