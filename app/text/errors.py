"""The reason of an error in a sentence."""

from pathlib import Path


def error_reason(error: Exception, path: Path | str = "", shown: str = "") -> str:
    """Return the reason of an error with a full stop.

    The file `path` is called `shown`, as an upload is a temporary file with a path and a name that the user
    has never seen. At the start of the sentence the name is left out.
    """
    why = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        # Name the cause first, such as a full disk.
        why = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if path:
        for name in (str(path), Path(path).name):
            why = why.replace(name, shown)
        if why.startswith(shown):
            why = why[len(shown) :].lstrip(",: ")
    return why if why.endswith(".") else f"{why}."
