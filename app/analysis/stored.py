"""Stores of descriptors as data sets: their files, parameters and size."""

import dataclasses
import math
import shlex
from pathlib import Path
from typing import Any

from quests_core import Environments
from quests_core.environments import store_of
from quests_core.information.estimate import estimate_both
from quests_core.io.dataset import DataSet
from quests_core.store.sources import check_sources, source_paths
from quests_core.utils import memory

from . import precomputed
from .analysed_dataset import AnalysedDataset
from .parameters import CUTOFF, KEYS, K, Parameters

# Memory of a page, without tiles, which keep to a limit: 1.9 to 3.1 kB per environment with two methods.
BYTES_PER_FRAME, BYTES_PER_ENV = 8_000, 4_000
# The 95 % interval on gap20_partial is ± 0.16 nats.
N_SAMPLES = 500
# Files that a message names.
_MOST_NAMED = 3


def sources(envs: Environments) -> tuple[Path, ...]:
    """Return the files of an opened store; raise a FileNotFoundError if one is not there."""
    store = store_of(envs)
    return source_paths(store.path, store.manifest)


def parameters(envs: Environments, others: Parameters) -> Parameters:
    """Return the parameters of the descriptors of a store, with the bandwidth of others.

    Raises
    ------
    ValueError
        If a page cannot use them.
    """
    own = store_of(envs).manifest.parameters
    try:
        k, cutoff, elements = int(own["k"]), float(own["cutoff"]), own["species"]
        keys: dict[str, Any] = {name: str(own[name] or "") for name in KEYS}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("store: expected the parameters of descriptors, got others") from error
    if not (K[0] <= k <= K[1] and CUTOFF[0] <= cutoff <= CUTOFF[1]):
        raise ValueError(f"store: expected k in {K} and a cutoff in {CUTOFF} Å, got {k} and {cutoff} Å")
    return dataclasses.replace(
        others, k=k, cutoff=cutoff, species=elements is not None, precomputed="", descriptor="", **keys
    )


def described(parameters: Parameters) -> str:
    """Return what the descriptors of parameters are, in words."""
    kind = ", elements distinguished" * parameters.species + f", {parameters.descriptor}" * bool(
        parameters.precomputed
    )
    return f"k = {parameters.k}, cutoff {parameters.cutoff:g} Å{kind}"


def check_size(envs: Environments, files: tuple[Path, ...], bandwidth: float, progress=None) -> None:
    """Raise a ValueError if the frames and results of a store do not fit in memory.

    The message contains estimates of entropy and diversity, and how to select frames without a page.
    """
    needed, free = BYTES_PER_FRAME * len(envs) + BYTES_PER_ENV * envs.n_envs, memory.available()
    if free is None or needed <= free:
        return
    found, diverse = estimate_both(envs, N_SAMPLES, bandwidth, progress)
    raise ValueError(
        f"its {len(envs):,} frames with {envs.n_envs:,} environments would take about "
        f"{memory.format_bytes(needed)} of memory in this page, and {memory.format_bytes(free)} are free. "
        f"Entropy {found.entropy:.3f} nats (95 %: {found.low:.3f} to {found.high:.3f}; at most ln N = "
        f"{math.log(envs.n_envs):.3f}), diversity {diverse.diversity:.3f} nats (95 %: {diverse.low:.3f} to "
        f"{diverse.high:.3f}), estimated from {found.n_samples:,} environments. Select frames by: "
        f"{_command(envs, files)}"
    )


def _command(envs: Environments, files: tuple[Path, ...]) -> str:
    """Return the command that selects frames of a store; of many files, the first."""
    store, usual = store_of(envs), Parameters()
    own = store.manifest.parameters
    options: dict[str, tuple[Any, Any]] = {"-k": (own["k"], usual.k), "-c": (own["cutoff"], usual.cutoff)}
    options |= {f"--{name.replace('_', '-')}": (own[name] or "", "") for name in KEYS}
    given = [
        text for option, (value, default) in options.items() if value != default for text in (option, value)
    ]
    names = [shlex.quote(str(path)) for path in files[:_MOST_NAMED]] + ["…"] * (len(files) > _MOST_NAMED)
    words = [shlex.quote(str(word)) for word in ("--store", store.path, *given)]
    return " ".join(["quests-explorer compress", *names, *words, "-s 10% -o subset.xyz"])


def analysed(envs: Environments, dataset: DataSet, parameters: Parameters) -> AnalysedDataset:
    """Return a data set with the environments of its store.

    Raises
    ------
    ValueError
        If the files have changed, or the elements are not those of the descriptors.
    """
    manifest = store_of(envs).manifest
    check_sources(manifest, dataset.sha256, dataset.pool or (dataset.path,))
    elements = manifest.parameters["species"]
    if elements is not None and tuple(elements) != dataset.elements:
        raise ValueError(
            f"store: expected descriptors that distinguish {', '.join(dataset.elements)}, got those of "
            f"{', '.join(map(str, elements))}"
        )
    return AnalysedDataset(dataset, parameters, precomputed.check_fit(envs, dataset))
