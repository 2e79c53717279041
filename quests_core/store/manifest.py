"""The manifest of a store: what it contains, and how much of it is complete."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..utils.atomic_write import atomic_write
from ..utils.provenance import record_bytes

NAME = "manifest.json"
# Raised when the descriptor or the layout changes, so that no store mixes two versions.
VERSION = 1
_TUPLES = ("sources", "found", "labels", "paths")


@dataclass(frozen=True)
class Manifest:
    """What a store contains, and how much of it is complete.

    Attributes
    ----------
    key : str
        Hash of the content of the files and of the parameters; see `content_key`.
    parameters : dict
        Parameters of the descriptors and keys of the labels.
    sources : tuple of str
        Names of the files.
    n_columns : int
        Number of columns of the descriptors.
    n_frames, n_envs : int
        Number of frames and of environments that are stored.
    file, n_read : int
        Index of the current file, and number of its frames that are stored.
    found : tuple of str
        Quantities found in it under the given keys; see `GivenLabels`.
    labels : tuple of str
        The different labels of frames, in the order in which they occur.
    complete : bool
        Whether all frames are stored.
    paths : tuple of str
        Where the files were; empty in stores of earlier versions.
    """

    key: str
    parameters: Mapping[str, Any]
    sources: tuple[str, ...]
    n_columns: int
    n_frames: int = 0
    n_envs: int = 0
    file: int = 0
    n_read: int = 0
    found: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    complete: bool = False
    paths: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write the manifest atomically."""
        atomic_write(folder / NAME, record_bytes({"version": VERSION, **asdict(self)}))

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read the manifest of a store.

        Raises
        ------
        FileNotFoundError
            If the folder has no manifest.
        ValueError
            If the manifest is damaged, or of another version.
        """
        path = folder / NAME
        try:
            content = json.loads(path.read_bytes())
            version = content.pop("version")
            if version == VERSION:
                content |= {name: tuple(content[name]) for name in _TUPLES if name in content}
                return cls(**content)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(
                f"store: {folder} is not a store of descriptors: it has no {NAME}"
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"store: {path} is damaged ({error})") from error
        raise ValueError(f"store: expected version {VERSION} in {path}, got {version}; write the store again")


def content_key(sha256: str, parameters: Mapping[str, Any]) -> str:
    """Return a hash of the content of files, parameters and the version of stores.

    Examples
    --------
    >>> content_key("0", {"k": 32, "cutoff": 5.0}) == content_key("0", {"cutoff": 5.0, "k": 32})
    True
    """
    content = json.dumps({"version": VERSION, "sha256": sha256, **parameters}, sort_keys=True)
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()
