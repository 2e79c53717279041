"""Export a state and read the files of the archive."""

import io
import zipfile

import pandas as pd
from ase.io import read

from quests_app.exports.bundle import ExportOptions, bundle
from quests_app.exports.report_data import ReportData


def unzipped(state, options=None, n=6, **more):
    """Return the files of an exported archive by name, and its notes."""
    made = bundle(ReportData(state.opened, state.paths, state.active, n, **more), options or ExportOptions())
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}, made.notes


def csv(files, name):
    """Return an exported table."""
    return pd.read_csv(io.BytesIO(files[f"tables/{name}.csv"]))


def frames_in(data):
    """Return the frames of an extxyz file."""
    return read(io.StringIO(data.decode()), ":", format="extxyz")
