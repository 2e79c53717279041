"""Cached results remain valid, because the arrays they were computed from cannot be modified."""

import copy
import pickle
import sys

import numpy as np
import pytest

from quests_core import Environments, Selection, Strata, compression_curve, descriptors, entropy, select
from quests_core.utils.arrays import read_only
from tests.core.labelled import labelled


@pytest.fixture
def X(rng):
    return rng.normal(size=(300, 4))


def by_hand(X):
    squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    return -np.mean(np.log(np.exp(-squares / (2 * 0.5**2)).mean(axis=1)))


def memory_map(X, path):
    np.save(path, X)
    return np.load(path, mmap_mode="r+")


@pytest.mark.parametrize(
    "make",
    [
        lambda X, _: X, lambda X, _: X[:], lambda X, _: np.asfortranarray(X), lambda X, _: X[::2],
        lambda X, _: np.frombuffer(bytearray(X.tobytes())).reshape(X.shape), memory_map,
    ],
    ids=["array", "view", "Fortran order", "strides", "buffer", "memory map"],
)  # fmt: skip
def test_changing_the_given_array_changes_nothing(X, tmp_path, make):
    given = make(X, tmp_path / "X.npy")
    before = given.copy()
    envs = Environments(given, [0, 2, len(given)])
    first = entropy(envs, bandwidth=0.5)
    given[:] = np.nan
    np.testing.assert_array_equal(envs.X, before)
    assert entropy(envs, bandwidth=0.5) == first == pytest.approx(by_hand(before), abs=1e-5)


def test_a_read_only_view_of_a_writable_array_is_copied(X):
    view = X[:]
    view.flags.writeable = False
    envs = Environments(view, [0, len(X)])
    X[0] = 7.0
    assert envs.X[0, 0] != 7.0


def test_changing_the_given_offsets_changes_nothing(X):
    offsets = np.array([0, 100, 300])
    envs = Environments(X, offsets)
    offsets[1] = 5
    assert envs.sizes.tolist() == [100, 200]


def every_array(envs):
    return [envs.X, envs.offsets, envs[0], next(iter(envs)), envs.take([1]).X, envs.take([1]).offsets]


def test_kept_arrays_are_read_only(X):
    frames = labelled()
    for envs in (
        Environments(X, [0, 100, 300]), Environments.from_frames([X[:100], X[100:]]),
        descriptors(frames), descriptors(frames, species="auto"),
        descriptors(frames, descriptor_fn=lambda atoms: atoms.positions),
        pickle.loads(pickle.dumps(Environments(X, [0, 100, 300]))),
        copy.deepcopy(Environments(X, [0, 1, 300])),
    ):  # fmt: skip
        for array in every_array(envs):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.view().flags.writeable = True


def test_the_given_array_is_not_modified(X):
    for given in (X, np.empty((0, 3)), X.astype(np.float32)):
        Environments(given, [0, len(given)])
        assert given.flags.writeable


def test_read_only_arrays_are_shared(X):
    envs = Environments(X, [0, 100, 300])
    again = Environments(envs.X, envs.offsets)
    assert np.shares_memory(envs.X, again.X)
    assert np.shares_memory(envs.X, copy.copy(envs).X)
    assert not np.shares_memory(envs.X, copy.deepcopy(envs).X)
    assert read_only(envs.X) is envs.X
    # Arrays created by the library are not views.
    for made in (descriptors(labelled()), envs.take([1]), Environments.from_frames([X])):
        assert made.X.base is None


def test_pickles_contain_only_the_arrays(X):
    envs = Environments(X, [0, 100, 300])
    plain = len(pickle.dumps(envs))
    select(envs, "msc", bandwidth=0.5)
    assert {"tiles", "blocks"} & set(vars(envs))
    assert len(pickle.dumps(envs)) == plain < 1.1 * X.nbytes
    for again in (pickle.loads(pickle.dumps(envs)), copy.copy(envs), copy.deepcopy(envs)):
        assert set(vars(again)) == {"X", "offsets"}
        np.testing.assert_array_equal(again.X, envs.X)
        assert entropy(again, bandwidth=0.5) == entropy(envs, bandwidth=0.5)


def test_order_of_a_selection_is_read_only():
    order = np.array([2, 0, 1])
    selection = Selection(order, "msc", 3)
    order[:] = 0
    assert selection.order.tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        selection.order.sort()


def test_validated_quotas_cannot_change():
    quotas = {"a": 1.0, "b": 2.0}
    strata = Strata(["a", "b"], quotas)
    quotas["a"] = -1.0
    assert strata.quotas == {"a": 1.0, "b": 2.0}


def compiled():
    """Return the number of compiled specialisations of each function of the library."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("quests_core")]
    functions = {id(f): f for module in modules for f in vars(module).values() if hasattr(f, "signatures")}
    return {f"{f.__module__}.{f.__name__}": len(f.signatures) for f in functions.values()}


@pytest.mark.jit
@pytest.mark.parametrize("method", ["msc", "balanced", "fps"])
def test_read_only_arrays_cause_no_recompilation(rng, method):
    X = rng.normal(size=(40, 4))
    envs = Environments(X, [0, 4, 10, 30, 40])
    frozen = read_only(X)
    counts = []
    for given in (
        envs, Environments(X.tolist(), envs.offsets), Environments(frozen, [0, 1, 2, 20, 40]),
        pickle.loads(pickle.dumps(envs)), envs.take([3, 0, 1]), X, frozen,
    ):  # fmt: skip
        entropy(given, bandwidth=0.5)
        compression_curve(given, select(given, method, 3, bandwidth=0.5).order, bandwidth=0.5)
        counts.append(compiled())
    assert counts[0]
    assert all(count == counts[0] for count in counts)
