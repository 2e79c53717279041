"""Replace characters that the encoding of standard output lacks, as on Windows and with ``LC_ALL=C``."""

import codecs
import re
import sys

# ASCII substitutes for the symbols that the messages use.
_ASCII = str.maketrans(
    {
        "δ": "delta", "σ": "sigma", "Å": "A", "−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "≤": "<=",
        "≥": ">=", "√": "sqrt", "…": "...", "→": "->", "‖": "||", "‘": "'", "’": "'", "“": '"', "”": '"',
        "•": "*", "\N{NO-BREAK SPACE}": " ",
    }
)  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_EXPONENT = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return ASCII substitutes for symbols and escape sequences for all other characters."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    text = _EXPONENT.sub(lambda run: "^" + run[0].translate(_SUPERSCRIPTS), text).translate(_ASCII)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("quests_ascii", _replace)


def tolerate_all_characters() -> None:
    """Make standard output and standard error replace characters that they cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        # A stream that replaces one of these may lack the method.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="quests_ascii")
