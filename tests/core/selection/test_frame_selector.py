"""`FrameSelector`: the checks of scikit-learn, and agreement with `select`."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from ase.build import bulk
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from quests_core import Environments, FrameSelector, Strata, descriptors, select
from tests.core.with_y import y_of

ANY_FRAMES = "transform takes the frames seen by fit, in any form: not new samples"
EXPECTED_FAILURES = {
    "check_n_features_in_after_fitting": ANY_FRAMES,
    "check_transformer_general": "transform returns fewer samples",
    "check_transformer_data_not_an_array": "transform returns fewer samples",
    "check_methods_sample_order_invariance": ANY_FRAMES,
    "check_methods_subset_invariance": ANY_FRAMES,
    "check_fit_idempotent": ANY_FRAMES,
    "check_fit2d_predict1d": ANY_FRAMES,
    "check_estimators_nan_inf": "fit refuses NaN; transform takes frames in any form, and reads no values",
}


@pytest.fixture
def envs(rng):
    return Environments.from_frames([rng.normal(0, 0.3, (rng.integers(1, 5), 3)) for _ in range(12)])


@pytest.mark.jit
@pytest.mark.filterwarnings("ignore")
def test_the_checks_of_scikit_learn_pass():
    found = check_estimator(FrameSelector(n_to_select=0.5), on_skip=None, on_fail=None)
    failed = {result["check_name"] for result in found if result["status"] == "failed"}
    assert failed <= set(EXPECTED_FAILURES)
    assert sum(result["status"] == "passed" for result in found) > 30


@pytest.mark.parametrize("method", ["balanced", "msc", "maxvol", "direct", "random", "pcov_fps"])
@pytest.mark.parametrize("n_to_select", [3, 0.25, None])
def test_the_selection_agrees_with_select(envs, method, n_to_select):
    y = y_of(envs)
    selector = FrameSelector(method, n_to_select, bandwidth=0.1, locked=[4], excluded=[2]).fit(envs, y)
    given = {"y": y} if method == "pcov_fps" else {}
    expected = select(envs, method, n_to_select, bandwidth=0.1, locked=[4], excluded=[2], **given)
    assert selector.selection_.order.tolist() == expected.order.tolist()
    assert selector.get_support(indices=True).tolist() == sorted(expected.order)
    assert np.flatnonzero(selector.get_support()).tolist() == sorted(expected.order)
    assert selector.get_support().shape == (12,)
    assert (selector.n_frames_in_, selector.n_features_in_) == (12, 3)


def test_parameters_agree_with_those_of_select(envs):
    import inspect

    own = set(inspect.signature(FrameSelector).parameters)
    theirs = inspect.signature(select).parameters
    assert own == set(theirs) - {"envs", "progress", "y", "callback", "client"}
    for name, parameter in inspect.signature(FrameSelector).parameters.items():
        assert parameter.default == theirs[name].default, name
    selector = FrameSelector("msc", until={"overlap": 0.5}, cost="frames", precision="double", random_state=3)
    assert len(selector.fit(envs).selection_) == len(select(envs, "msc", until={"overlap": 0.5}))
    strata = Strata(list("aabbaabbaabb"), "equal")
    order = FrameSelector("random", strata=strata, random_state=3).fit(envs).selection_.order
    assert order.tolist() == select(envs, "random", strata=strata, random_state=3).order.tolist()
    reference = envs.take([0])
    order = FrameSelector("msc", reference=reference).fit(envs).selection_.order
    assert order.tolist() == select(envs, "msc", reference=reference).order.tolist()


def test_parameters_are_stored_as_given():
    locked = np.array([1, 2])
    selector = FrameSelector(method="nonsense", n_to_select=-3, locked=locked)
    assert selector.get_params()["locked"] is locked
    assert repr(selector).startswith("FrameSelector(")
    copied = clone(selector)
    assert copied is not selector
    assert copied.method == "nonsense"
    assert selector.set_params(method="msc", n_to_select=2) is selector
    assert (selector.method, selector.n_to_select) == ("msc", 2)
    with pytest.raises(ValueError, match="Invalid parameter 'size'"):
        selector.set_params(size=3)


def test_invalid_input_is_refused(envs):
    with pytest.raises(NotFittedError):
        FrameSelector().get_support()
    with pytest.raises(NotFittedError):
        FrameSelector().transform(envs)
    with pytest.raises(ValueError, match="method: expected one of"):
        FrameSelector("nonsense").fit(envs)
    with pytest.raises(ValueError, match="n_to_select: expected at most the number of frames, 12, got 13"):
        FrameSelector(n_to_select=13).fit(envs)
    selector = FrameSelector(n_to_select=2).fit(envs)
    with pytest.raises(ValueError, match="frames: expected 12, as seen by fit, got 11"):
        selector.transform(range(11))
    with pytest.raises(TypeError, match="frames: expected a sequence, got int"):
        selector.transform(12)
    with pytest.raises(ValueError, match="y: expected properties of each frame"):
        FrameSelector("pcov_fps").fit(envs)


def test_frames_in_any_form(envs):
    selector = FrameSelector("msc", 3).fit(envs)
    chosen = selector.get_support(indices=True).tolist()
    assert selector.transform(envs).X.tolist() == envs.take(chosen).X.tolist()
    assert selector.transform(list("abcdefghijkl")) == ["abcdefghijkl"[i] for i in chosen]
    assert selector.transform(np.arange(24).reshape(12, 2)).tolist() == [[2 * i, 2 * i + 1] for i in chosen]
    table = pd.DataFrame({"a": range(12)}, index=list("abcdefghijkl"))
    assert selector.transform(table)["a"].tolist() == chosen
    assert FrameSelector("msc", 3).fit_transform(envs).X.tolist() == envs.take(chosen).X.tolist()


def test_a_pipeline_from_frames(rng):
    frames = []
    for a in (3.5, 3.6, 3.6, 3.9, 4.2):
        frames.append(bulk("Cu", cubic=True, a=a))
        frames[-1].positions += 0.01 * rng.normal(size=(4, 3))
    pipeline = make_pipeline(FunctionTransformer(descriptors), FrameSelector("msc"))
    pipeline.set_params(frameselector__n_to_select=2)
    expected = sorted(select(descriptors(frames), "msc", 2).order.tolist())
    assert pipeline.fit_transform(frames).X.tolist() == descriptors([frames[i] for i in expected]).X.tolist()
    assert pipeline[-1].transform(frames) == [frames[i] for i in expected]
    assert len(clone(pipeline).fit(frames)[-1].selection_) == 2


@pytest.mark.costly
def test_the_library_alone_does_not_import_scikit_learn():
    code = (
        "import sys, quests_core\n"
        "print('sklearn' in sys.modules, quests_core.FrameSelector.__name__, 'sklearn' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "FrameSelector", "True"]
