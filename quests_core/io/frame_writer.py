"""Write frames as extxyz such that the same frames are read back, or raise an error."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import starmap

import ase.io
import numpy as np
from ase import Atoms

from ..utils.arrays import Indices
from .ase_formats import one_line_message
from .frame_content import MATRICES, FrameContent, difference, frame_content
from .xyz_frame import read_frame
from .xyz_header import read_header
from .xyz_values import JSON_TOKEN, format_value, quote

_KINDS = {"i": "I", "u": "I", "f": "R", "b": "L", "U": "S", "O": "S", "T": "S"}
_RESERVED = ("lattice", "properties", "pbc")


def frame_bytes(atoms: Atoms) -> bytes:
    """Return a frame as extxyz, with numbers in full precision.

    Raises
    ------
    ValueError
        If extxyz cannot express the content of the frame; the message names the key.
    """
    return _text(frame_content(atoms))


def frames_bytes(frames: Sequence[Atoms] | Mapping[int, Atoms], indices: Indices | None = None) -> bytes:
    r"""Return frames as extxyz, verified by reading them back.

    Parameters
    ----------
    frames : sequence of ase.Atoms, or mapping of int to them
        The frames.
    indices : sequence of int, optional
        The frames to return, in this order; by default all.

    Raises
    ------
    ValueError
        If a frame would not be read back with the same energy, forces, stress, pbc, cell, info and arrays;
        the message names the frame and the key.

    Examples
    --------
    >>> print(frames_bytes([Atoms("H", info={"note": "", "n": 2**40})]).decode(), end="")
    1
    Properties=species:S:1:pos:R:3 note="_JSON \"\"" n=1099511627776 pbc="F F F"
    H 0.0 0.0 0.0
    """
    return b"".join(_checked(frames, range(len(frames)) if indices is None else indices))


def _checked(frames: Sequence[Atoms] | Mapping[int, Atoms], indices: Iterable[int]) -> Iterator[bytes]:
    for i in indices:
        try:
            content = frame_content(frames[i])
            data = _text(content)
            check_reads_back(data, content)
        except ValueError as error:
            raise ValueError(f"frame {i}: {error}") from error
        yield data


def check_reads_back(data: bytes, content: FrameContent) -> None:
    """Raise a ValueError that names the key if `data` are not read back as `content`."""
    try:
        read_back = frame_content(read_frame(data))
    except Exception as error:
        raise ValueError(f"the written frame could not be read: {one_line_message(error)}") from error
    differs = difference(content, read_back)
    if differs:
        raise ValueError(f"{differs}: expected a value that extxyz preserves, got one that would be changed")


def parse_frame(block: bytes) -> Atoms:
    """Parse the text of a frame; raise a ValueError if it cannot be read."""
    return read_frame(block, lambda _: None)


def editable_text(block: bytes, for_ase: bool = False) -> bytes:
    """Return the text of a frame in a form to which keys and columns can be added.

    A comment that is a sentence or written by i-PI or CP2K is replaced by keys and values; any other text is
    returned unchanged. With `for_ase`, the frame is also rewritten if ASE would read it differently, for
    example because of ``PBC=`` or an empty value. Numbers are preserved to the last bit.
    """
    is_extended = read_header(block.decode().split("\n", 2)[1], lambda _: None).has_columns
    if is_extended and not for_ase:
        return block
    atoms = parse_frame(block)
    try:
        content = frame_content(atoms)
        if is_extended and not difference(content, frame_content(_read_by_ase(block))):
            return block
        return _text(content)
    except ValueError:
        # Keep the original text of a frame that cannot be rewritten.
        return block


def _read_by_ase(block: bytes) -> Atoms:
    try:
        return next(ase.io.iread(io.StringIO(block.decode()), format="extxyz"))
    except Exception:
        return Atoms()


def _text(content: FrameContent) -> bytes:
    n_atoms = len(content.symbols)
    properties, columns = ["species:S:1:pos:R:3"], [content.symbols, _rows(content.positions, repr)]
    for name, array in content.columns.items():
        kind, width, tokens = _column(name, array, n_atoms)
        properties.append(f"{name}:{kind}:{width}")
        columns.append(tokens)
    parts = []
    if content.cell.any():
        parts.append(f'Lattice="{" ".join(map(repr, content.cell.ravel().tolist()))}"')
    parts.append(f"Properties={quote(':'.join(properties))}")
    parts += starmap(_item, content.values.items())
    parts.append(f'pbc="{" ".join("FT"[periodic] for periodic in content.pbc)}"')
    lines = [str(n_atoms), " ".join(parts), *map(" ".join, zip(*columns, strict=True)), ""]
    return "\n".join(lines).encode()


def _rows(array: np.ndarray, form) -> list[str]:
    return [" ".join(map(form, row)) for row in array.tolist()]


def _column(name, array, n_atoms: int) -> tuple[str, int, list[str]]:
    """Return the kind, the width and the text for each atom of a column."""
    where, array = f"arrays[{name!r}]", np.asarray(array)
    if not isinstance(name, str) or not name.isprintable() or not name.strip() or ":" in name:
        raise ValueError(f"{where}: expected a name of printable characters without a colon")
    kind = _KINDS.get(array.dtype.kind)
    if kind is None:
        raise ValueError(f"{where}: expected numbers, booleans or text, got {array.dtype}")
    if array.shape[:1] != (n_atoms,) or array.ndim > 2 or array.shape[1:] == (0,):
        raise ValueError(
            f"{where}: expected shape ({n_atoms},) or ({n_atoms}, m), as extxyz requires, got {array.shape}"
        )
    form = _FORMS[kind]
    try:
        if array.ndim == 1:
            return kind, 1, list(map(form, array.tolist()))
        return kind, array.shape[1], _rows(array, form)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


def _real(value) -> str:
    return repr(float(value))


def _logical(value: bool) -> str:
    return "T" if value else "F"


def _token(text) -> str:
    """Return a text without blanks: unchanged if it is a word, otherwise as JSON."""
    if not isinstance(text, str):
        raise TypeError(f"expected text, got {type(text).__name__} {text!r:.40}")
    if text and text.isprintable() and text.split() == [text] and not text.startswith(JSON_TOKEN):
        return text
    return "_JSON" + json.dumps(text).replace(" ", "\\u0020")


_FORMS: dict[str, Callable[..., str]] = {"R": _real, "I": str, "L": _logical, "S": _token}


def _item(key, value) -> str:
    """Return a key and its value as text in the comment."""
    where = f"info[{key!r}]"
    if not isinstance(key, str) or not key.strip() or not key.isprintable():
        raise ValueError(f"{where}: expected a key of printable characters")
    if key.lower() in _RESERVED:
        raise ValueError(f"{where}: expected another key, as extxyz reserves this one")
    if key in MATRICES:
        return f'{key}="{" ".join(map(repr, value.ravel(order="F").tolist()))}"'
    try:
        text = _text_of(value)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error
    return f"{quote(key)}={text}"


def _text_of(value) -> str:
    """Format a value as `format_value` does, but such that ASE also reads the same value."""
    if isinstance(value, str) and _is_number_to_python(value):
        return quote(f"_JSON {json.dumps(value)}")
    if isinstance(value, np.ndarray) and value.shape == (1,) and value.dtype.kind in "biuf":
        return quote(f"_JSON {json.dumps(value.tolist())}")
    if isinstance(value, list | tuple):
        _check_rows(value)
    return format_value(value)


def _is_number_to_python(text: str) -> bool:
    """Return whether ASE would read a text as numbers, because Python's `float` accepts it, such as 1_2."""
    try:
        list(map(float, text.replace(",", " ").split()))
    except ValueError:
        return False
    return True


def _check_rows(value) -> None:
    try:
        np.array(value)
    except ValueError as error:
        raise TypeError("expected rows of equal length in a list of lists") from error
