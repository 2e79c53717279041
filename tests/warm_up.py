"""Compile what most tests use, before one of them has to wait for it."""

import numpy as np
from ase.build import bulk

import quests_core as q


def run(backwards: bool = False) -> None:
    """Call the functions that take long to compile, in one order or the other."""
    rng = np.random.default_rng(0)
    X = rng.normal(0, 0.1, (40, 5))
    steps = [
        lambda: q.descriptors([bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", 5.6)], k=4),
        *(lambda method=method: q.select(X, method) for method in q.METHODS),
        lambda: q.exchange(X, range(5)),
        lambda: q.compression_curve(X, range(40)),
        lambda: q.entropy(X),
        lambda: q.delta_entropy(X, X[:9]),
    ]
    for step in reversed(steps) if backwards else steps:
        step()
