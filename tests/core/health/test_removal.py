"""What removing pairs of frames removes, and why."""

import pytest

from quests_core.health.near_pairs import Pair
from quests_core.health.removal import removal_reasons, removed_frames
from quests_core.health.thinning import Step


@pytest.mark.parametrize(
    ("kind", "pairs", "expected"),
    [
        ("duplicates", [Pair(5, 2, 0.0)], {5: "duplicates: repeats frame 2"}),
        (
            "conflicts",
            [Pair(7, 2, 0.0), Pair(9, 2, 0.0)],
            {
                2: "conflicts: contradicts frame 7, 9",
                7: "conflicts: contradicts frame 2",
                9: "conflicts: contradicts frame 2",
            },
        ),
        ("leakage", [Pair(4, 0, 0.0)], {4: "leakage: is test frame 0"}),
        ("steps", [Step(3, 1)], {3: "steps: small step from frame 1"}),
        ("duplicates", [], {}),
    ],
)  # fmt: skip
def test_each_removed_frame_has_a_reason(kind, pairs, expected):
    assert removal_reasons(kind, pairs) == expected
    assert removed_frames(kind, pairs) == set(expected)
