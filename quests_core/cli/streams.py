"""Output on streams that cannot hold every character, such as those of Windows consoles and ``LC_ALL=C``."""

import codecs
import re
import sys

# What is written instead of the field's symbols.
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
    """Return the symbols in ASCII; of all other characters, the escape sequence."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    text = _EXPONENT.sub(lambda run: "^" + run[0].translate(_SUPERSCRIPTS), text).translate(_ASCII)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("quests_ascii", _replace)


def tolerate_all_characters() -> None:
    """Have standard output and standard error replace what their encoding cannot hold."""
    for stream in (sys.stdout, sys.stderr):
        # Not every stream that stands in for one of these can be changed.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="quests_ascii")
