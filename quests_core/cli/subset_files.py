"""The files of a subset: the options of their keys and of their split, and writing them."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..environments import Environments
from ..io.compressed import plain_name
from ..io.deepmd import DEEPMD, write_deepmd
from ..io.frame_keys import RANK, SOURCE
from ..io.program_keys import TARGETS, read_keys
from ..progress import ProgressCallback
from ..selection.train_valid_split import Split, split
from .candidates import Candidates
from .output import (
    FRAME_SUFFIXES,
    STDIO,
    check_new_folders,
    check_target,
    write_folder,
    write_target,
)

Keys = Annotated[
    str,
    typer.Option(
        help="Keys of the written frames: as in the source; with rank and δH; those of a program; or a JSON "
        'file such as {"energy": "E", "forces": "F"}.',
        metavar="source|rank|mace|nequip|gpumd|deepmd|FILE",
    ),
]
SplitRatio = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Percentages of training and validation, such as 90:10; near-duplicates stay on one side. "
        "Writes NAME-train.xyz and NAME-valid.xyz for the output NAME.xyz.",
        metavar="TRAIN:VALID",
    ),
]
SplitDistance = Annotated[
    float, typer.Option(help="Largest distance of near-duplicates, in bandwidths, for --split.")
]
SplitSeed = Annotated[int, typer.Option(help="Seed of --split.")]


@dataclass(frozen=True)
class SubsetFiles:
    """The files of a subset.

    Attributes
    ----------
    outputs : tuple of str
        None, one, or those of training and validation.
    kind : str or mapping
        See `quests_core.io.frame_keys.keyed_content`.
    valid_fraction : float or None
        Fraction of the frames for validation; None without a split.
    distance : float
        Largest distance of near-duplicates, in bandwidths.
    seed : int
        Seed of the split.
    """

    outputs: tuple[str, ...]
    kind: str | Mapping[str, str]
    valid_fraction: float | None
    distance: float
    seed: int

    @classmethod
    def parse(
        cls, output: str | None, keys: str, ratio: str | None, distance: float, seed: int
    ) -> "SubsetFiles":
        """Return the files that the options of a command ask for."""
        fraction = None if ratio is None else valid_fraction(ratio)
        if not (math.isfinite(distance) and distance > 0):
            raise typer.BadParameter(
                f"expected a positive number, got {distance}", param_hint="--split-distance"
            )
        return cls(_outputs(output, ratio is not None), keys, fraction, distance, seed)

    @property
    def needs_delta_entropy(self) -> bool:
        """Whether δH is written."""
        return self.kind == RANK

    def check(self, force: bool, *sources: Path) -> "SubsetFiles":
        """Raise an error if a file cannot be written or that of the keys not be read; return these files."""
        if self.kind == DEEPMD:
            check_new_folders(self.outputs)
            return self
        for target in self.outputs:
            check_target(target, force, *sources, endings=FRAME_SUFFIXES)
        if isinstance(self.kind, str) and self.kind not in (kinds := (SOURCE, RANK, *TARGETS)):
            if not os.path.isfile(self.kind):
                raise ValueError(
                    f"keys: expected {', '.join(kinds)}, {DEEPMD} or a JSON file, got {self.kind!r:.80}"
                )
            return replace(self, kind=read_keys(self.kind))
        return self

    def sides(
        self, envs: Environments, order: np.ndarray, bandwidth: float, for_training: Sequence[int],
        progress: ProgressCallback | None,
    ) -> Split | None:  # fmt: skip
        """Return the split of the selected frames, or None if none is asked for."""
        if self.valid_fraction is None:
            return None
        distance = self.distance * bandwidth
        return split(envs, order, self.valid_fraction, distance, self.seed, for_training, progress)

    def split_record(self, sides: Split) -> dict:
        """Return what reproduces the split."""
        return sides.to_record(self.valid_fraction or 0.0, self.distance, self.seed)

    def write(
        self, candidates: Candidates, ranked: np.ndarray, order: str, sides: Split | None,
        delta_entropy: np.ndarray | None, force: bool,
    ) -> dict:  # fmt: skip
        """Write the subset; return what was written, and notes for the user."""
        written = list(self.outputs) if sides is not None else self.outputs[0]
        if self.kind == DEEPMD:
            return {"output": written, "notes": self._write_deepmd(candidates, ranked, order, sides)}
        with candidates.texts(ranked, order, self.kind, delta_entropy) as content:
            groups = [None] if sides is None else [sides.train, sides.valid]
            for target, frames in zip(self.outputs, groups, strict=True):
                write_target(target, content.parts(frames), force)
        return {"output": written, "notes": list(content.notes)}

    def _write_deepmd(
        self, candidates: Candidates, ranked: np.ndarray, order: str, sides: Split | None
    ) -> list[str]:
        frames = ranked if order == "rank" else np.sort(ranked)
        groups = [frames] if sides is None else [sides.train, sides.valid]
        notes: list[str] = []
        for target, group in zip(self.outputs, groups, strict=True):
            indices = frames[np.isin(frames, group)]
            chosen = candidates.chosen(indices)
            notes += write_folder(target, partial(write_deepmd, frames=chosen, indices=indices))
        return list(dict.fromkeys(notes))


def valid_fraction(ratio: str) -> float:
    """Return the fraction of the validation set in a ratio.

    Examples
    --------
    >>> valid_fraction("90:10")
    0.1
    """
    try:
        train, valid = map(float, ratio.split(":"))
        fraction = valid / (train + valid)
    except (ValueError, ZeroDivisionError):
        fraction = train = valid = float("nan")
    if not (train > 0 and valid > 0 and 0 < fraction < 1):
        raise typer.BadParameter(f"expected two numbers such as 90:10, got {ratio!r}", param_hint="--split")
    return fraction


def _outputs(output: str | None, is_split: bool) -> tuple[str, ...]:
    """Return the files to write: the output, or those of both sides of a split."""
    if output is None or not is_split:
        return () if output is None else (output,)
    if output == STDIO:
        raise typer.BadParameter("expected a file for a split, got standard output", param_hint="--output")
    plain = Path(plain_name(output))
    packed = output[len(str(plain_name(output))) :]
    train, valid = (
        str(plain.with_name(f"{plain.stem}-{side}{plain.suffix}")) + packed for side in ("train", "valid")
    )
    return train, valid
