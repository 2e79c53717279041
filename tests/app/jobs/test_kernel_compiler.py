"""The process that compiles kernels in the background."""

import pytest

from quests_app.jobs.kernel_compiler import KernelCompiler
from quests_core import Cancelled, warm_up
from quests_core.utils import kernel_cache
from quests_core.utils.child import Child


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """Return a compiler whose processes are replaced by a list of the steps that they would compile."""
    monkeypatch.setattr(kernel_cache, "folder", lambda: tmp_path)
    compiler = KernelCompiler()
    compiler.compiled = []

    def run(child, folder, progress):
        progress("", 0, 0)
        compiler.compiled.append((folder / warm_up.STEP).read_text())

    monkeypatch.setattr(Child, "run", run)
    return compiler


@pytest.mark.jit
def test_all_steps_are_compiled_once(compiler):
    reported, names = [], list(warm_up.steps())
    assert compiler.is_needed
    compiler.compile_all(lambda *args: reported.append(args))
    assert sorted(compiler.compiled) == sorted(names)
    in_order = sorted(reported, key=lambda report: report[1])
    expected = [*names[1:], names[0]]
    assert [name for name, *_ in in_order] == expected, "a session begins with the first step itself"
    assert {total for *_, total in reported} == {len(names)}
    assert kernel_cache.is_complete()
    assert not compiler.is_needed
    compiler.compile_all(None)
    assert len(compiler.compiled) == len(names)


@pytest.mark.jit
def test_another_session_continues_after_a_cancellation(compiler):
    names = list(warm_up.steps())

    def cancel(name, n_done, _):
        if n_done >= 3:
            raise Cancelled("the session was closed")

    with pytest.raises(Cancelled):
        compiler.compile_all(cancel)
    assert compiler.is_needed
    assert not kernel_cache.is_complete()
    compiler.compile_all(lambda *_: None)
    assert sorted(compiler.compiled) == sorted(names)


@pytest.mark.jit
def test_the_process_compiles_a_step():
    child = Child(warm_up.CHILD)
    try:
        warm_up.compile_step(child, "entropy")
    finally:
        child.close()


def test_nothing_is_compiled_where_nothing_can_be_stored(compiler, monkeypatch):
    monkeypatch.setattr(kernel_cache, "folder", lambda: None)
    assert not compiler.is_needed
