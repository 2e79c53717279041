"""The archive of the export dialog: contents, tables, split, report, command."""

import io
import json
import re
import shlex
from types import SimpleNamespace

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from ase import Atoms
from ase.io import write
from typer.testing import CliRunner

from quests_app.analysis import compare
from quests_app.analysis.label_entropies import label_entropies
from quests_app.analysis.methods import METHOD_INFO
from quests_app.analysis.parameters import Marks, Parameters
from quests_app.analysis.reference import Reference
from quests_app.exports import code, subset
from quests_app.exports.bundle import PARTS, ExportOptions
from quests_app.exports.frame_keys import deepmd_files
from quests_core import Environments, read
from quests_core.cli import app as command_line
from quests_core.health import check
from tests.app.exports.archives import csv, frames_in, unzipped


@pytest.mark.parametrize("order", ["file", "rank"])
def test_the_source_is_copied_byte_for_byte(opened, order):
    files, _ = unzipped(opened.state, ExportOptions(order=order))
    expected = subset.subset_bytes(opened.state.opened, opened.state.path, 6, order)
    assert files["subset.xyz"] == expected
    assert json.loads(files["subset.json"])["subset"]["order"] == order


def everything(opened):
    """Return the data of the export dialog: a map, findings, and a comparison with another file."""
    data, marks = opened.state.opened, opened.state.marks
    X, offsets = data.envs.X[:9], np.array([0, 1, 5, 9])
    envs = Environments(X, offsets)
    known = Reference("b.xyz", data.dataset.path, "0", data.parameters, envs, np.full(len(X), 29), ("Cu",))
    return {
        "embedding": opened.state.embedding,
        "embedding_note": "a map",
        "entropies": label_entropies(data, marks),
        "findings": tuple(check(data.dataset, data.envs, 5.0)),
        "comparison": compare.compare(data, known, marks),
        "labels": compare.label_matrix(data, marks),
        "files": compare.file_matrix(data, (known,), marks),
    }


@pytest.mark.costly
def test_all_parts_match_the_state(opened):
    state = opened.state
    state.marks = Marks(locked=(0,), excluded=(4,))
    opened.run()
    more = everything(opened)
    files, _ = unzipped(state, ExportOptions(parts=tuple(PARTS.values())), n=state.n_frames, **more)
    assert [int(i) for i in files["indices.txt"].split()] == state.path.frames(state.n_frames).tolist()
    curves = csv(files, "curves")
    for method, path in state.paths.items():
        mine = curves[curves["method"] == method].drop(columns="method").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, path.curve, check_exact=True)
    numbers = csv(files, "numbers").set_index("set")
    for name, value in state.row_of("random").items():
        assert numbers[name]["random"] == value
    assert numbers["n_envs"]["full set"] == state.full_set_metrics["n_envs"]
    envs = csv(files, "environments")
    delta = state.path.delta_entropy[state.path.position(state.n_frames)]
    np.testing.assert_allclose(envs["delta_entropy_nats"], delta, rtol=1e-6)
    for i, atoms in enumerate(state.opened.dataset.frames):
        mine = envs[envs["frame"] == i]
        norms = np.linalg.norm(atoms.get_forces(), axis=1)
        np.testing.assert_allclose(mine["force_eV_per_angstrom"], norms, rtol=1e-12)
    lost = csv(files, "lost-environments")
    assert len(lost) == np.count_nonzero(delta > 1e-5)
    assert (np.diff(lost["delta_entropy_nats"]) <= 0).all()
    worst = lost.iloc[0]
    assert delta[state.opened.envs.offsets[worst["frame"]] + worst["atom"]] == np.nanmax(delta)
    assert set(csv(files, "lost-frames")["frame"]) == set(lost["frame"])
    assert csv(files, "lost-labels")["n_lost"].sum() == len(lost)
    assert csv(files, "redundancy")["set"].tolist()[:2] == ["full set", "msc subset"]
    assert csv(files, "health")["title"].tolist() == [finding.title for finding in more["findings"]]
    novel = csv(files, "novel-frames")
    assert novel["max_delta_entropy_nats"][0] == pytest.approx(np.nanmax(more["comparison"].novelty))
    np.testing.assert_allclose(csv(files, "overlap-files").iloc[:, 1:], more["files"].shares)
    assert csv(files, "overlap-labels").iloc[:, 0].tolist() == list(more["labels"].names)


@pytest.mark.slow
def test_every_plot_is_drawn_as_svg_png_and_pdf(opened):
    state = opened.state
    files, _ = unzipped(state, ExportOptions(parts=("plots",)), n=state.n_frames, **everything(opened))
    names = {name.removesuffix(".svg").removeprefix("plots/") for name in files if name.endswith(".svg")}
    assert names == {
        "entropy-diversity", "overlap", "delta-entropy", "forces", "redundancy", "map-kept",
        "map-delta-entropy", "map-density", "novelty", "both-sets", "overlap-labels", "overlap-files",
    }  # fmt: skip
    for name in names:
        assert files[f"plots/{name}.pdf"].startswith(b"%PDF")
        image = PIL.Image.open(io.BytesIO(files[f"plots/{name}.png"]))
        assert image.width > 1000
        # The figure is not empty: some of it is coloured.
        pixels = np.asarray(image.convert("RGB")).astype(int)
        assert (np.ptp(pixels, axis=2) > 40).sum() > 300, name
    curve = files["plots/entropy-diversity.svg"].decode()
    for text in ("diversity / nats", "entropy / nats", "msc", "random", "full set"):
        assert text in curve
    assert re.search(r"\b\d+ %", curve), "sizes are marked"
    for color in (METHOD_INFO["msc"].color, METHOD_INFO["random"].color):
        assert color.lower() in curve
    assert METHOD_INFO["fps"].color.lower() not in curve, "only compared methods"


def test_the_split_is_in_the_archive_and_in_its_record(opened):
    state = opened.state
    files, notes = unzipped(state, ExportOptions(valid_fraction=0.25, seed=2), n=20)
    assert "subset.xyz" not in files
    record = json.loads(files["subset.json"])["split"]
    assert set(record["train"]) | set(record["valid"]) == set(state.path.frames(20).tolist())
    for side in ("train", "valid"):
        kept = frames_in(files[f"{side}.xyz"])
        for atoms, frame in zip(kept, sorted(record[side]), strict=True):
            np.testing.assert_array_equal(atoms.positions, state.opened.dataset.frames[frame].positions)
    assert 0 in record["train"], "an isolated atom is an energy reference"
    assert record["achieved_fraction"] == len(record["valid"]) / 20
    assert f"{len(record['valid'])} validation" in notes[0]
    crystals = {1, 2, 3, 4} & set(state.path.frames(20).tolist())
    assert crystals <= set(record["train"]) or crystals <= set(record["valid"]), "they are equal"


def test_a_folder_of_deepmd_is_added(opened, tmp_path):
    pytest.importorskip("dpdata", reason="dpdata is not installed")
    for options, folders in (
        (ExportOptions(content="deepmd"), {"deepmd": "subset.xyz"}),
        (
            ExportOptions(content="deepmd", valid_fraction=0.25),
            {"deepmd-train": "train.xyz", "deepmd-valid": "valid.xyz"},
        ),
    ):
        files, _ = unzipped(opened.state, options)
        for folder, xyz in folders.items():
            for name, data in files.items():
                if name.startswith(f"{folder}/"):
                    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                    (tmp_path / name).write_bytes(data)
            there = sorted(atoms.calc.results["energy"] for atoms in read(tmp_path / folder))
            assert there == sorted(atoms.get_potential_energy() for atoms in frames_in(files[xyz]))
        assert json.loads(files["subset.json"])["subset"]["content"] == "deepmd"
    unlabelled = SimpleNamespace(dataset=SimpleNamespace(frames=[Atoms("H")]))
    with pytest.raises(ValueError, match="frame 0: expected energy and forces, which DeePMD-kit trains on"):
        deepmd_files(unlabelled, {"deepmd": np.array([0])})


@pytest.mark.parametrize("method", ["msc", "random"])
def test_the_command_writes_the_same_file(session, file, tmp_path, monkeypatch, method):
    odd = file.rename(tmp_path / "it's $a file.xyz")
    state = session.open(odd)
    session.controller.recompute(Parameters(k=12, cutoff=4.5, bandwidth=0.02, species=True))
    session.run()
    state.marks = Marks(locked=(0, 3), excluded=(7, 8, 9))
    session.run()
    line = code.command(state.opened, state.paths[method], 8, "rank")
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line)
    assert program == "quests-explorer"
    done = CliRunner().invoke(command_line, arguments)
    assert done.exit_code == 0, done.output
    expected = subset.subset_bytes(state.opened, state.paths[method], 8, "rank")
    assert (tmp_path / "subset.xyz").read_bytes() == expected


@pytest.mark.costly
def test_other_formats_are_written_exactly(session, rng, tmp_path):
    frames = [Atoms("Cu2", positions=rng.normal(size=(2, 3)) * 3, cell=[9] * 3, pbc=True) for _ in range(3)]
    write(tmp_path / "a.traj", frames)
    state = session.open(tmp_path / "a.traj")
    files, _ = unzipped(state, n=3)
    for atoms, source in zip(frames_in(files["subset.xyz"]), frames, strict=True):
        np.testing.assert_array_equal(atoms.positions, source.positions)
