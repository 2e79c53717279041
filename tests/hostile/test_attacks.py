"""A seeded part of benchmarks/hostile.py, while a user is at work."""

import numpy as np
import pytest

from tests.hostile.attacks import ATTACKS
from tests.hostile.client import SECONDS, run
from tests.hostile.inside import Inside

# What each attack is about has tests of its own in this folder.
pytestmark = [pytest.mark.jit, pytest.mark.slow]


@pytest.fixture(scope="module")
def attacked(with_data, tmp_path_factory):
    """Return a server with a user at work."""
    # One move a second is enough to see that there are answers, and leaves the server to the attacks.
    with Inside(with_data.address, tmp_path_factory.mktemp("inside") / "moves", pause=1.0) as inside:
        yield with_data, inside
    assert with_data.is_alive()


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_reach_nothing_and_the_page_inside_goes_on(attacked, attack):
    server, inside = attacked
    assert run(ATTACKS[attack](server, np.random.default_rng(11))) == []
    n_moves = len(inside.moves())
    # It still gets answers; how soon is measured by the benchmark.
    server.wait(lambda: not inside.is_inside() or len(inside.moves()) > n_moves, SECONDS)
    assert inside.is_inside()
