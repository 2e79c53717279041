"""Tests of the invalidation of compiled code."""

import os
from pathlib import Path

import quests_core
from quests_core.utils import jit
from quests_core.utils.jit import compiled_sources, forget_stale_kernels


def test_kernels_compiled_from_other_sources_are_deleted(tmp_path):
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
