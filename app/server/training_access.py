"""Decide which sessions may train potentials: that starts programs, which use all cores for a long time.

``$QUESTS_TRAINING`` is ``1`` for all sessions, or anything else for none. If it is not set, the account that
runs the server may train from this machine unless ``$QUESTS_DATA_DIRS`` is set, which a server for a group
has; nobody else may.
"""

import os

from .allowed_paths import FOLDERS

TRAINING = "QUESTS_TRAINING"


def of_document(document) -> bool:
    """Return whether the session of a Bokeh document may train potentials."""
    context = document.session_context
    return of_request(context.request if context is not None else None)


def of_request(request) -> bool:
    """Return whether the session that a request created may train; None stands for a notebook."""
    if TRAINING in os.environ:
        return os.environ[TRAINING] == "1"
    # Bokeh's proxy of a request mixes in values that the client chooses.
    request = getattr(request, "_request", request)
    return request is None or (FOLDERS not in os.environ and getattr(request, "names_paths", False))


def models_may_hold_code() -> bool:
    """Return whether potentials are loaded from files whose format can contain code, such as those of MACE.

    Not on a server with ``$QUESTS_DATA_DIRS``, where others may write to the folders that sessions read.
    """
    return FOLDERS not in os.environ
