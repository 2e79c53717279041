"""Descriptors of parts of files on the workers of a Dask cluster."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..io.frame_parts import FramePart, frame_parts, read_part
from ..io.labels import GivenLabels
from ..progress import ProgressCallback
from ..store.writer import Chunk
from ..utils.tasks import Task, run_in_order
from .frame_chunks import described_chunk


class DescribedPart(NamedTuple):
    """A chunk of a store, with what was found under the keys of the labels."""

    file: int  # index of its file
    chunk: Chunk
    labels: GivenLabels


def described_parts(
    client,
    paths: Sequence[Path],
    position: tuple[int, int],
    n_envs: int,
    parameters: Mapping[str, Any],
    describe: Callable,
    progress: ProgressCallback | None,
) -> Generator[DescribedPart, None, None]:
    """Yield the chunks of files in their order, each described by a worker.

    The client splits the files into parts of at least `n_envs` atoms, without parsing them; a worker reads
    its part of a file, or receives it if the file is compressed. The client alone writes the store.

    Parameters
    ----------
    client : Client
        See `quests_core.utils.tasks`.
    paths : sequence of Path
        All files.
    position : tuple of int
        Index of the first file to describe, and number of its frames to skip.
    n_envs : int
        Atoms of a part, at least.
    parameters, describe, progress
        See `quests_core.descriptors.describe_files`; `describe` must be picklable.
    """
    first_file, n_read = position
    sizes = [path.stat().st_size for path in paths]

    def tasks() -> Iterator[Task]:
        for file in range(first_file, len(paths)):
            done = 0
            for part in frame_parts(paths[file], n_read if file == first_file else 0, n_envs):
                yield Task(_describe_part, (file, part, dict(parameters), describe), part.end - done)
                done = part.end

    before, total = sum(sizes[:first_file]), sum(sizes)

    def report(step: str, done: int, _: int) -> None:
        if progress is not None:
            progress(step, before + done, total)

    yield from run_in_order(client, tasks(), "descriptors", report, total)


def _describe_part(file: int, part: FramePart, parameters: Mapping[str, Any], describe) -> DescribedPart:
    name = part.path.name
    labels = GivenLabels(name, parameters["energy_key"], parameters["forces_key"])
    frames = read_part(part, labels)
    chunk = described_chunk(frames, describe, name, part.frame, parameters["label_key"])
    return DescribedPart(file, chunk, labels)
