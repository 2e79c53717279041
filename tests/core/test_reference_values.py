"""Real data, compared with values of the published implementation, and slices with a naive one.

The reference values were computed in double precision, with two artefacts that the library avoids and these
tests account for:

* If the 32nd neighbour is one of several at equal distances, an arbitrary one was chosen. Sets without such
  ties must agree to 1e-9; the others within the changes caused by breaking the ties at random.
* Kernels that underflow made scores of `msc` infinite, and the lowest index was picked. `order_by_plain_sums`
  does the same and must reproduce every pick; the pick of the library must then have the better score.
"""

import functools
import gzip
import io
import json
import time

import ase.io
import numpy as np
import pytest

from quests_core import (
    compression_curve,
    descriptors,
    diversity,
    entropy,
    log_kernel_sum,
    overlap,
    read,
    select,
)
from quests_core.io.xyz_checks import frame_bounds
from tests import naive
from tests.conftest import DATA
from tests.core.ugly import PROMISES

pytestmark = pytest.mark.jit

UNTIED = ["gap20_Fullerenes", "mlearn_Mo", "3bpa"]
FEW_TIES = ["gap20_Nanotubes", "cu_poet_19"]
MANY_TIES = ["gap20_Graphite"]
ALL = UNTIED + FEW_TIES + MANY_TIES


@pytest.fixture
def reference(data_file):
    values = json.loads(data_file("reference_values.json").read_text())

    def of(name):
        data_file(f"{name}.xyz.gz")
        return values[name]

    return of


@functools.cache
def frames_of(name):
    n = json.loads((DATA / "reference_values.json").read_text())[name]["structures"]
    return read(DATA / f"{name}.xyz.gz")[:n]


@functools.cache
def environments_of(name):
    return descriptors(frames_of(name))


@functools.cache
def order_by_plain_sums(name):
    """Return 3/4 of the order of `msc` with kernel sums that may underflow, so that scores are infinite."""
    envs, h = environments_of(name), 0.015
    norms = (envs.X**2).sum(axis=1)
    own = naive.own_entropies(list(envs), h)
    sums, order = np.zeros(envs.n_envs), [int(np.argmax(own))]
    while len(order) < 0.76 * len(envs):
        rows = envs.rows(order[-1:])
        squares = norms[:, None] + norms[rows] - 2 * envs.X @ envs.X[rows].T
        sums += np.exp(-np.maximum(squares, 0) / (2 * h**2)).sum(axis=1)
        with np.errstate(divide="ignore"):
            scores = own - np.log(np.minimum.reduceat(sums, envs.offsets[:-1]))
        scores[order] = -np.inf
        order.append(int(np.argmax(scores)))
    return order


def with_ties_broken(frames, seed):
    """Return the frames with tiny displacements that break ties."""
    rng = np.random.default_rng(seed)
    moved = [atoms.copy() for atoms in frames]
    for atoms in moved:
        atoms.positions += rng.normal(0, 3e-7, atoms.positions.shape)
    return moved


@pytest.mark.parametrize("name", ALL)
def test_sizes(reference, name):
    expected, envs = reference(name), environments_of(name)
    assert (len(envs), envs.n_envs) == (expected["structures"], expected["envs"])
    assert np.log(envs.n_envs) == pytest.approx(expected["logN"], abs=1e-6)


@pytest.mark.parametrize("name", UNTIED)
def test_descriptor_sums(reference, name):
    expected, X = reference(name), environments_of(name).X
    assert X.mean() == pytest.approx(expected["descriptor_mean"], rel=1e-9)
    assert (X**2).sum() == pytest.approx(expected["descriptor_sumsq"], rel=1e-9)


@pytest.mark.parametrize("name", FEW_TIES + MANY_TIES)
def test_descriptor_sums_differ_only_by_ties(reference, name):
    expected = reference(name)
    sums = np.array([expected["descriptor_mean"], expected["descriptor_sumsq"]])
    X = environments_of(name).X
    np.testing.assert_allclose([X.mean(), (X**2).sum()], sums, rtol=1e-6)
    broken = [descriptors(with_ties_broken(frames_of(name), seed)).X for seed in range(4)]
    broken = np.array([[Y.mean(), (Y**2).sum()] for Y in broken])
    shared = np.array([X.mean(), (X**2).sum()])
    change = np.abs(broken - shared).max(axis=0)
    assert (np.abs(shared - sums) <= 5 * change + 1e-9 * sums).all()


@pytest.mark.parametrize("name", UNTIED + FEW_TIES)
def test_entropy_and_diversity(reference, name):
    expected, X = reference(name), environments_of(name).X
    assert entropy(X) == pytest.approx(expected["H"], abs=1e-5)
    assert diversity(X) == pytest.approx(expected["D"], abs=1e-5)


@pytest.mark.parametrize("name", MANY_TIES)
def test_entropy_where_many_environments_are_tied(reference, name):
    expected, X = reference(name), environments_of(name).X
    # Equivalent atoms agree, so the entropy is slightly lower than with ties broken at random.
    assert 0 < expected["H"] - entropy(X) < 2e-3
    assert 0 < expected["D"] - diversity(X) < 5e-4
    broken = descriptors(with_ties_broken(frames_of(name), 0)).X
    assert entropy(broken) == pytest.approx(expected["H"], abs=2e-4)
    assert diversity(broken) == pytest.approx(expected["D"], abs=2e-4)


@pytest.mark.parametrize("name", ALL)
def test_first_picks_of_msc(reference, name):
    expected, envs = reference(name)["msc_first20"], environments_of(name)
    picks = select(envs, "msc", n_to_select=20).order.tolist()
    if name != "gap20_Nanotubes":
        assert picks == expected
        return
    assert order_by_plain_sums(name)[:20] == expected
    rank = next(rank for rank in range(20) if picks[rank] != expected[rank])
    scores = naive.msc_scores(list(envs), picks[:rank])
    ours, theirs = picks[rank], expected[rank]
    assert scores[ours] == pytest.approx(np.delete(scores, picks[:rank]).max(), abs=1e-6)
    assert scores[ours] - scores[theirs] > 100
    # It was picked because its plain sum is 0, as are others with higher indices.
    sums = np.exp(log_kernel_sum(envs.X, envs.take(picks[:rank]), precision="double"))
    zero = np.flatnonzero(np.minimum.reduceat(sums, envs.offsets[:-1]) == 0)
    assert theirs == zero[0]
    assert ours in zero


@pytest.mark.parametrize("name", UNTIED + FEW_TIES)
def test_curve_of_msc(reference, name):
    expected, envs = reference(name)["curve"], environments_of(name)
    sizes = [point["n"] for point in expected.values()]
    order = order_by_plain_sums(name)[: sizes[-1]]
    curve = compression_curve(envs, order, sizes=sizes)
    assert curve.n_envs.tolist() == [point["envs"] for point in expected.values()]
    for column, key in (("entropy", "H"), ("diversity", "D"), ("overlap", "overlap")):
        np.testing.assert_allclose(curve[column], [point[key] for point in expected.values()], atol=1e-5)
    if name != "gap20_Nanotubes":
        assert select(envs, "msc", n_to_select=sizes[-1]).order.tolist() == order
    subset = envs.take(order[: sizes[0]])
    assert overlap(envs, subset) == pytest.approx(expected["0.1"]["overlap"], abs=1e-5)


@pytest.mark.parametrize("name", MANY_TIES)
def test_curve_of_msc_where_many_environments_are_tied(reference, name):
    expected, envs = reference(name)["curve"], environments_of(name)
    sizes = [point["n"] for point in expected.values()]
    curve = compression_curve(envs, select(envs, "msc").order, sizes=sizes)
    assert curve.n_envs.tolist() == [point["envs"] for point in expected.values()]
    for column, key, atol in (("entropy", "H", 2e-3), ("diversity", "D", 5e-4), ("overlap", "overlap", 1e-5)):
        np.testing.assert_allclose(curve[column], [point[key] for point in expected.values()], atol=atol)


# The slow references on slices


SLICES = {
    "gap20_Fullerenes": slice(0, 272, 90),
    "gap20_Graphite": slice(3, 185, 40),
    "gap20_partial": slice(5, 3559, 900),
    "mlearn_Mo": slice(0, 217, 100),
    "3bpa": slice(0, 1000, 200),
    "agpd_msg": slice(0, 1626, 90),
    "mg_fletcher_ns": slice(0, 1529, 160),
    "co2_ni100_reann_val": slice(0, 991, 330),
}


@functools.cache
def slice_of(name):
    frames = read(DATA / f"{name}.xyz.gz")[SLICES[name]]
    return [atoms for atoms in frames if len(atoms) <= 100]


@functools.cache
def slow_descriptors(name):
    frames = slice_of(name)
    return [naive.descriptor(atoms.positions, atoms.cell.array, atoms.pbc) for atoms in frames]


@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("name", SLICES)
def test_slices_agree_with_the_slow_references(data_file, name, precision):
    data_file(f"{name}.xyz.gz")
    frames = slice_of(name)
    envs = descriptors(frames)
    blocks = slow_descriptors(name)
    of_each, of_sets = PROMISES[precision]
    X = np.concatenate(blocks)
    np.testing.assert_allclose(envs.X, X, rtol=1e-9, atol=1e-12)

    assert entropy(envs, precision=precision) == pytest.approx(naive.entropy(X), abs=of_sets)
    assert diversity(envs, precision=precision) == pytest.approx(naive.diversity(X), abs=of_sets)
    order = select(envs, "msc", precision=precision).order
    for rank in range(len(frames)):
        scores = naive.msc_scores(blocks, order[:rank])
        left = np.delete(scores, order[:rank])
        assert scores[order[rank]] == pytest.approx(left.max(), rel=1e-11, abs=of_each)
    expected = naive.compression_curve(blocks, order, range(1, len(frames) + 1))
    curve = compression_curve(envs, order, precision=precision)
    for column in curve.columns:
        np.testing.assert_allclose(curve[column], [row[column] for row in expected], rtol=1e-9, atol=of_each)


@pytest.mark.parametrize("name", ["agpd_msg", "co2_ni100_reann_val", "3bpa"])
def test_elements_agree_with_the_slow_references(data_file, name):
    data_file(f"{name}.xyz.gz")
    frames = slice_of(name)[-2:]
    envs = descriptors(frames, k=16, cutoff=4.0, species="auto")
    species = sorted({symbol for atoms in frames for symbol in atoms.symbols})
    for i, atoms in enumerate(frames):
        expected = naive.multicomponent(
            atoms.symbols, atoms.positions, atoms.cell.array, atoms.pbc, species, 16, 4.0
        )
        np.testing.assert_allclose(envs[i], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.costly
def test_a_large_compressed_file_is_read_in_seconds(data_file):
    path = data_file("gap20_partial.xyz.gz")
    # Process time, which excludes other work on the machine.
    start = time.process_time()
    frames = read(path)
    middle = time.process_time()
    # The time is proportional to the size: ASE's time for the first frames is extrapolated.
    content = gzip.decompress(path.read_bytes())
    first = content[: frame_bounds(content)[100]].decode()
    begun = time.process_time()
    part = ase.io.read(io.StringIO(first), ":", format="extxyz")
    share = sum(map(len, part)) / sum(map(len, frames))
    assert middle - start < 4 * (time.process_time() - begun) / share
    assert (len(frames), sum(map(len, frames))) == (3559, 232144)
    assert len({atoms.info["config_type"] for atoms in frames}) == 19
    strongest = max(np.linalg.norm(atoms.get_forces(), axis=1).max() for atoms in frames)
    assert strongest == pytest.approx(149, abs=1)
