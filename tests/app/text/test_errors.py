"""The reason of an error in a sentence."""

import errno
import os

import pytest

from quests_app.text.errors import error_reason


@pytest.mark.parametrize(
    ("error", "name", "expected"),
    [
        (ValueError("a.xyz: frame 3: no atoms"), "a.xyz", "frame 3: no atoms."),
        (ValueError("a.xyz: frame 3: no atoms"), "", "a.xyz: frame 3: no atoms."),
        (ValueError("Ends with a full stop."), "a.xyz", "Ends with a full stop."),
        (KeyError(), "", "KeyError."),
        (OSError(errno.ENOSPC, "No space left", "/out/a.xyz"), "", "No space left: /out/a.xyz."),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "", f"{os.strerror(errno.EIO)}."),
        (OSError("no route to host"), "", "no route to host."),
    ],
)
def test_the_reason_names_the_cause_first_and_ends_with_one_full_stop(error, name, expected):
    assert error_reason(error, name) == expected
