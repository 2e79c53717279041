"""Files of NumPy's format ``.npy`` to which rows are appended."""

import io
import os
from pathlib import Path

import numpy as np

_HEADER_BYTES = 128


class ArrayFile:
    """An array in a file of NumPy's format, written in parts.

    The file is a valid array of no rows until `finish`, which sets the number of rows.

    Parameters
    ----------
    path : Path
        The file; it is created if it does not exist.
    dtype : str
        Type of the numbers.
    row_shape : tuple of int
        Shape of a row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.npy")
    >>> file = ArrayFile(path, "float64", (2,))
    >>> file.write(0, np.ones((3, 2)))
    >>> file.finish(2)
    >>> np.load(path).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    def __init__(self, path: Path, dtype: str, row_shape: tuple[int, ...] = ()):
        self._dtype, self._row_shape = np.dtype(dtype), row_shape
        self._row_bytes = self._dtype.itemsize * int(np.prod(row_shape, dtype=np.int64))
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(path, flags, 0o666), "r+b")
        if os.fstat(self._file.fileno()).st_size < _HEADER_BYTES:
            self._write_header(0)

    def fileno(self) -> int:
        """Return the descriptor of the file."""
        return self._file.fileno()

    def write(self, first: int, rows: np.ndarray) -> None:
        """Write rows from row `first` on."""
        rows = np.ascontiguousarray(rows, dtype=self._dtype).reshape(-1, *self._row_shape)
        self._file.seek(_HEADER_BYTES + first * self._row_bytes)
        self._file.write(rows.data if rows.size else b"")

    def sync(self) -> None:
        """Wait until everything that was written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self, n_rows: int) -> None:
        """Remove what follows `n_rows` rows, write the header and close the file."""
        self._write_header(n_rows)
        self._file.truncate(_HEADER_BYTES + n_rows * self._row_bytes)
        self.sync()
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write_header(self, n_rows: int) -> None:
        header = io.BytesIO()
        content = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (n_rows, *self._row_shape),
        }
        # NumPy leaves space for the largest number of rows, so the header does not grow.
        np.lib.format.write_array_header_1_0(header, content)
        if header.tell() != _HEADER_BYTES:
            raise ValueError(f"expected a header of {_HEADER_BYTES} bytes from NumPy, got {header.tell()}")
        self._file.seek(0)
        self._file.write(header.getvalue())
