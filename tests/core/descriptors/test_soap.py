"""Tests of `descriptor_fn` with SOAP of dscribe and a matching bandwidth."""

import numpy as np
import pytest
from ase.build import bulk, molecule

from quests_core import bandwidth_from_entropy, compression_curve, delta_entropy, descriptors, entropy, select
from tests import naive

pytestmark = pytest.mark.jit


@pytest.fixture(scope="module")
def soap():
    dscribe = pytest.importorskip("dscribe.descriptors", reason='needs pip install "quests-explorer[soap]"')
    return dscribe.SOAP(species=["Cu"], r_cut=5.0, n_max=6, l_max=4, periodic=True)


@pytest.fixture(scope="module")
def frames():
    frames = []
    for seed, stdev in enumerate([0.02] * 6 + [0.1] * 4):
        atoms = bulk("Cu", cubic=True, a=3.62).repeat((2, 2, 1))
        atoms.rattle(stdev, seed=seed)
        frames.append(atoms)
    return frames


def test_all_quantities_are_those_of_the_rows_of_soap(soap, frames):
    envs = descriptors(frames, descriptor_fn=soap.create)
    X = np.concatenate([soap.create(atoms) for atoms in frames])
    np.testing.assert_array_equal(envs.X, X)
    h = bandwidth_from_entropy(envs, 3.0)
    assert naive.entropy(X, h) == pytest.approx(3.0, abs=1e-3)
    assert entropy(envs, h) == pytest.approx(naive.entropy(X, h), abs=1e-6)
    novel = delta_entropy(envs[8], envs[0], h)
    np.testing.assert_allclose(novel, naive.delta_entropy(envs[8], envs[0], h), atol=1e-5)


def test_with_the_bandwidth_of_the_default_nothing_is_alike(soap, frames):
    envs = descriptors(frames, descriptor_fn=soap.create)
    assert entropy(envs, 0.015) > 0.99 * np.log(envs.n_envs)


@pytest.mark.costly
def test_at_a_matched_bandwidth_both_find_the_frames_that_are_shaken_more(soap, frames):
    plain, envs = descriptors(frames), descriptors(frames, descriptor_fn=soap.create)
    h = bandwidth_from_entropy(envs, entropy(plain, 0.015))
    for given, bandwidth in ((plain, 0.015), (envs, h)):
        order = select(given, bandwidth=bandwidth).order
        assert {6, 7, 8, 9} >= set(order[:3]), "shaken by 0.1 Å, not by 0.02"
        assert compression_curve(given, order, [10], bandwidth).overlap[0] == 1


def test_a_function_for_periodic_frames_only_says_so_by_its_own_error(soap):
    with pytest.raises(ValueError):  # noqa: PT011 - whose words they are
        descriptors([molecule("H2O")], descriptor_fn=soap.create)
