"""Tests of bandwidths."""

import pytest

from quests_core import (
    bandwidth_from_volume,
)
from tests import naive


def test_bandwidth_rule():
    for volume in (1e-3, 5.0, 10.896, 11.5, 100.0, 1e6):
        assert bandwidth_from_volume(volume) == pytest.approx(naive.bandwidth_from_volume(volume), rel=1e-14)
    assert bandwidth_from_volume(1e-9) == pytest.approx(0.0897141 + 0.0119417)
    assert bandwidth_from_volume(1e4) == pytest.approx(0.0119417)
