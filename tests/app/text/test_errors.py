"""The reason of an error in a sentence."""

import errno
import os

import pytest

from quests_app.text.errors import error_reason


@pytest.mark.parametrize(
    ("error", "path", "shown", "expected"),
    [
        (ValueError("a.xyz: frame 3: no atoms"), "/up/1/a.xyz", "a.xyz", "frame 3: no atoms."),
        (ValueError("a_1_.xyz, frame 3: no atoms"), "/up/1/a_1_.xyz", "a (1).xyz", "frame 3: no atoms."),
        (ValueError("cannot read /up/1/a_1_.xyz"), "/up/1/a_1_.xyz", "a (1).xyz", "cannot read a (1).xyz."),
        (OSError(errno.ENOENT, "Gone", "/up/1/a_1_.xyz"), "/up/1/a_1_.xyz", "a (1).xyz", "Gone: a (1).xyz."),
        (ValueError("a.xyz: frame 3: no atoms"), "", "", "a.xyz: frame 3: no atoms."),
        (ValueError("Ends with a full stop."), "a.xyz", "a.xyz", "Ends with a full stop."),
        (KeyError(), "", "", "KeyError."),
        (OSError(errno.ENOSPC, "No space left", "/out/a.xyz"), "", "", "No space left: /out/a.xyz."),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "", "", f"{os.strerror(errno.EIO)}."),
        (OSError("no route to host"), "", "", "no route to host."),
    ],
)
def test_the_reason_names_the_cause_first_the_file_as_shown_and_ends_with_one_full_stop(
    error, path, shown, expected
):
    assert error_reason(error, path, shown) == expected
