"""The reason of an error in a sentence."""


def error_reason(error: Exception, name: str = "") -> str:
    """Return the reason of an error with a full stop, without `name` at its start."""
    why = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        # Name the cause first, such as a full disk.
        why = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if name and why.startswith(name):
        why = why[len(name) :].lstrip(",: ")
    return why if why.endswith(".") else f"{why}."
