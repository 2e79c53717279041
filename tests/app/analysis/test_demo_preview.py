"""The results of the demo that ship with the package."""

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from quests_app.analysis import demo_preview
from quests_app.analysis.methods import DEFAULT_METHODS
from quests_app.analysis.parameters import Parameters, load
from quests_app.session.controller import DEMO

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "make_demo_results.py"
# No larger than the rest of the package.
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def demo():
    return load(DEMO)


def test_the_demo_has_a_preview(demo):
    preview = demo_preview.preview_of(demo, Parameters())
    assert [path.method for path in preview.paths] == list(DEFAULT_METHODS)
    assert preview.marks.locked == demo.locked
    n_envs = sum(map(len, demo.frames))
    for path in preview.paths:
        assert path.is_preview
        assert path.is_whole
        assert sorted(path.order) == list(range(len(demo.frames)))
        assert path.delta_entropy.shape == (len(path.sizes), n_envs)
        assert path.sizes[-1] == len(demo.frames)
    assert preview.umap.shape == preview.pca.shape == (n_envs, 2)
    assert np.ptp(preview.umap, axis=0).min() > 1
    assert demo_preview.FILE.stat().st_size < MOST_BYTES


def test_others_have_none(demo):
    assert demo_preview.preview_of(demo, Parameters(bandwidth=0.02)) is None
    assert demo_preview.preview_of(dataclasses.replace(demo, sha256="0" * 64), Parameters()) is None


@pytest.mark.costly
@pytest.mark.jit
def test_the_preview_is_what_the_script_computes(demo, tmp_path):
    spec = importlib.util.spec_from_file_location("make_demo_results", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    computed, shipped = script.compute(with_umap=False), demo_preview.preview_of(demo, Parameters())
    assert computed.sha256 == shipped.sha256
    assert computed.marks == shipped.marks
    for new, old in zip(computed.paths, shipped.paths, strict=True):
        assert new.method == old.method
        assert np.array_equal(new.order, old.order)
        pd.testing.assert_frame_equal(new.curve, old.curve, rtol=1e-5, atol=1e-6)
        assert np.allclose(new.delta_entropy, old.delta_entropy, rtol=1e-3, atol=2e-5)
    assert computed.labels.names == shipped.labels.names
    assert np.array_equal(computed.labels.n_envs, shipped.labels.n_envs)
    assert np.allclose(computed.labels.entropies, shipped.labels.entropies, atol=1e-5)
    assert computed.findings == shipped.findings
    assert computed.findings
    assert np.allclose(computed.pca, shipped.pca, atol=1e-5)
    # What is written is what is read.
    demo_preview.save(computed, tmp_path / "again.npz")
    again = demo_preview._read(tmp_path / "again.npz")
    assert again.marks == computed.marks
    assert again.labels.names == computed.labels.names
    assert again.findings == computed.findings
    pd.testing.assert_frame_equal(again.paths[0].curve, computed.paths[0].curve, check_exact=True)
