"""Data sets by name: the real clients against a server on this machine, in the formats of the archives."""

import hashlib
import http.server
import io
import json
import lzma
import socket
import tarfile
import threading
import zipfile
from functools import partial

import ase.io
import numpy as np
import pyarrow as pa
import pytest
from ase import Atoms
from ase.build import bulk
from pyarrow import parquet

import quests_core as q
from quests_core import published
from quests_core.published import checksums, load_atoms, materials_cloud
from quests_core.published.colabfit import frames_of_parquet


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; a commit of them as Hugging Face tells of it."""

    COMMIT = "c0ffee" * 6 + "c0ff"

    def log_message(self, *_):
        pass

    def do_GET(self, head=False):
        self.server.asked.append(self.path)
        if self.path.startswith("/api/datasets/colabfit/"):
            name, what = self.path.split("?")[0].split("/")[4:6]
            if what == "tree":
                self.tree(name)
            else:
                self.about(name)
        elif "/resolve/" in self.path:
            self.resolve(head)
        else:
            super().do_GET()

    def do_HEAD(self):
        self.do_GET(head=True)

    def folder(self, name):
        return self.server.root / "colabfit" / name

    def about(self, name):
        if not self.folder(name).is_dir():
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        files = [path for path in self.folder(name).rglob("*") if path.is_file()]
        siblings = [{"rfilename": str(path.relative_to(self.folder(name)))} for path in files]
        text = json.dumps({"id": f"colabfit/{name}", "sha": self.COMMIT, "siblings": siblings}).encode()
        self.answer(text, {"Content-Type": "application/json"})

    def tree(self, name):
        folder, listed = self.folder(name), []
        for path in (path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
            entry = {"type": "file", "path": str(path.relative_to(folder)), "size": len(content)}
            listed.append({**entry, "oid": 40 * "a", "lfs": lfs})
        self.answer(json.dumps(listed).encode(), {"Content-Type": "application/json"})

    def resolve(self, head):
        _, _, _, name, _, _, *rest = self.path.split("?")[0].split("/")
        content = self.folder(name).joinpath(*rest).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        self.answer(content, {"ETag": f'"{digest}"', "X-Repo-Commit": self.COMMIT}, head)

    def answer(self, content, headers, head=False):
        self.send_response(200)
        for key, value in {**headers, "Content-Length": len(content)}.items():
            self.send_header(key, str(value))
        self.end_headers()
        if not head:
            self.wfile.write(content)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=tmp_path / "www")
    ) as server:
        server.root, server.asked = tmp_path / "www", []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def extxyz(*frames):
    buffer = io.StringIO()
    ase.io.write(buffer, list(frames), format="extxyz")
    return buffer.getvalue().encode()


def labelled(symbol, energy, **info):
    atoms = bulk(symbol, cubic=True)
    atoms.info = {"energy": energy, **info}
    atoms.arrays["forces"] = np.full((len(atoms), 3), 0.25)
    return atoms


class Told:
    def __init__(self):
        self.calls = []

    def __call__(self, step, done, total):
        assert 0 <= done <= total
        self.calls.append((step, done, total))

    def steps(self):
        return {step for step, done, total in self.calls if done == total}


# TM23: a zip of extxyz files


@pytest.fixture
def tm23(server, monkeypatch):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for split, energy in (("train", -1.5), ("test", -2.5)):
            for part in ("2700cwm", "cold_nequip"):
                frames = [labelled("Ag", energy + len(part)), labelled("Ag", energy)]
                name = f"benchmarking_master_collection/Ag_{part}_{split}.xyz"
                archive.writestr(name, extxyz(*frames).rstrip(b"\n"))
    (server.root / "tm23.zip").write_bytes(content.getvalue())
    monkeypatch.setattr(materials_cloud, "TM23_URL", f"{server.url}/tm23.zip")
    monkeypatch.setattr(materials_cloud, "TM23_MD5", f"md5:{hashlib.md5(content.getvalue()).hexdigest()}")
    return server


def test_a_metal_of_tm23(tm23, cache):
    told = Told()
    frames = q.load("tm23:Ag", progress=told)
    assert [q.atoms_energy(atoms) for atoms in frames] == [5.5, -1.5, 4.5, -2.5]
    assert (q.atoms_forces(frames[0]) == 0.25).all()
    assert "downloading tm23.zip" in told.steps()
    assert [q.atoms_energy(atoms) for atoms in q.load("tm23:Ag-cold")] == [9.5, -1.5, 8.5, -2.5]
    assert tm23.asked == ["/tm23.zip"], "the archive is downloaded once"
    with pytest.raises(ValueError, match=r"tm23:Ag-melt: the archive holds no Ag_melt_nequip_train\.xyz"):
        q.load("tm23:Ag-melt")


@pytest.mark.parametrize("key", ["C", "Ag-hot", "Ag-"])
def test_what_tm23_does_not_hold(tm23, cache, key):
    with pytest.raises(ValueError, match=f"tm23:{key}: expected one of Ag"):
        q.load(f"tm23:{key}")
    assert tm23.asked == []


def test_another_archive_than_was_published_is_not_used(tm23, cache, monkeypatch):
    monkeypatch.setattr(materials_cloud, "TM23_MD5", "md5:" + 32 * "0")
    with pytest.raises(ValueError, match="hash"):
        q.load("tm23:Ag")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_kept_file_needs_no_network_and_a_damaged_one_is_made_again(tm23, cache):
    path = published.fetch("tm23:Ag")
    whole = path.read_bytes()
    digest = hashlib.sha256(whole).hexdigest()
    assert path.with_name("Ag.xyz.sha256").read_text() == f"{digest}  Ag.xyz\n"
    (cache / "tm23" / "downloads" / "tm23.zip").unlink()
    assert published.fetch("tm23:Ag") == path
    assert len(tm23.asked) == 1
    path.write_bytes(whole[:-20])
    assert published.fetch("tm23:Ag") == path
    assert path.read_bytes() == whole
    assert len(tm23.asked) == 2


def test_what_is_kept_is_whole_or_not_there(tmp_path):
    def blocks():
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        checksums.write_with_checksum(tmp_path / "a.xyz", blocks())
    with pytest.raises(ValueError, match="holds no frames"):
        checksums.write_with_checksum(tmp_path / "a.xyz", [])
    assert list(tmp_path.iterdir()) == []


# ColabFit: parquet files on Hugging Face, extxyz in an archive


def write_parquet(path, rows, as_text=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = pa.list_(pa.list_(pa.float64()))
    types = {
        "property_id": pa.string(),
        "method": pa.string(),
        "energy": pa.float64(),
        "atomic_forces": numbers,
        "cauchy_stress": numbers,
        "cauchy_stress_volume_normalized": pa.bool_(),
        "configuration_id": pa.string(),
        "cell": numbers,
        "pbc": pa.list_(pa.bool_()),
        "positions": numbers,
        "atomic_numbers": pa.list_(pa.int32()),
        "names": pa.list_(pa.string()),
        "labels": pa.list_(pa.string()),
    }
    if as_text:
        rows = [{k: str(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]
        types = {name: pa.string() if pa.types.is_list(kind) else kind for name, kind in types.items()}
    parquet.write_table(pa.Table.from_pylist(rows, schema=pa.schema(types.items())), path)


def row(i, symbols="CO", **others):
    atoms = Atoms(
        symbols, positions=[[0, 0, 0.1 * i], [0, 0, 1.1]], cell=[9, 9, 9 + i], pbc=[True, True, False]
    )
    return {
        "atomic_numbers": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.array.tolist(),
        "pbc": atoms.pbc.tolist(),
        "energy": -7.25 - i,
        "atomic_forces": [[0.0, 0.0, 1 / 3], [0.0, 0.0, -1 / 3]],
        "cauchy_stress": np.eye(3).tolist(),
        "method": "DFT-PBE",
        "configuration_id": f"CO_{i}",
        "names": [f"file__config_{i}"],
        "labels": ["relaxed"],
        **others,
    }


@pytest.mark.parametrize("as_text", [False, True])
def test_columns_of_colabfit(tmp_path, as_text):
    path = tmp_path / "co_0.parquet"
    rows = [row(0), row(1, labels=[], names=None), row(2, energy=None, atomic_forces=None)]
    write_parquet(path, rows, as_text)
    told = Told()
    frames = list(frames_of_parquet(path, told))
    assert [str(atoms.symbols) for atoms in frames] == ["CO"] * 3
    assert frames[1].positions.tolist() == rows[1]["positions"]
    assert frames[1].cell.array.tolist() == rows[1]["cell"]
    assert frames[1].pbc.tolist() == [True, True, False]
    assert [q.atoms_energy(atoms) for atoms in frames] == [-7.25, -8.25, None]
    assert q.atoms_forces(frames[0]).tolist() == rows[0]["atomic_forces"]
    assert q.atoms_forces(frames[2]) is None
    assert frames[0].info["config_type"] == "relaxed"
    assert frames[0].info["name"] == "file__config_0"
    assert "config_type" not in frames[1].info
    assert frames[1].info["method"] == "DFT-PBE"
    assert told.calls[-1] == ("reading co_0.parquet", 3, 3)


def test_a_parquet_file_of_something_else(tmp_path):
    parquet.write_table(pa.table({"positions": [1.0], "atomic_numbers": [6]}), tmp_path / "co_0.parquet")
    with pytest.raises(ValueError, match=r"co_0\.parquet: expected the columns of ColabFit, but cell"):
        list(frames_of_parquet(tmp_path / "co_0.parquet"))


@pytest.fixture
def hub(server, monkeypatch):
    import huggingface_hub

    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    real = huggingface_hub.snapshot_download
    monkeypatch.setattr(huggingface_hub, "snapshot_download", partial(real, endpoint=server.url, token=False))
    return server


def test_a_data_set_of_colabfit_on_hugging_face(hub, cache):
    for n in (0, 1, 10, 2):
        write_parquet(hub.root / "colabfit" / "C_NPJ2020" / "co" / f"co_{n}.parquet", [row(n)])
    (hub.root / "colabfit" / "C_NPJ2020" / "README.md").write_text("not wanted")
    told = Told()
    frames = q.load("colabfit:C_NPJ2020", progress=told)
    assert [q.atoms_energy(atoms) for atoms in frames] == [-7.25, -8.25, -9.25, -17.25]
    assert q.atoms_forces(frames[0])[0, 2] == 1 / 3, "to the last bit"
    assert not any("README" in path for path in hub.asked)
    assert told.calls
    asked = len(hub.asked)
    q.load("colabfit:C_NPJ2020")
    assert len(hub.asked) == asked
    with pytest.raises(ValueError, match="colabfit:gone: there is no such data set on Hugging Face"):
        q.load("colabfit:gone")


def test_a_damaged_download_is_not_used(hub, cache):
    write_parquet(hub.root / "colabfit" / "small" / "co" / "co_0.parquet", [row(0)])
    path = published.fetch("colabfit:small")
    path.unlink()
    (blob,) = (cache / "colabfit" / "downloads").rglob("blobs/*")
    blob.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"co_0\.parquet is damaged"):
        published.fetch("colabfit:small")
    assert len(q.load("colabfit:small")) == 1


def test_an_archive_of_the_colabfit_exchange(server, cache, monkeypatch):
    monkeypatch.setattr(materials_cloud, "COLABFIT_XYZ", server.url + "/{}.tar.gz")
    with tarfile.open(server.root / "DS_abc_0.tar.gz", "w:gz") as archive:
        for name, energy in (("DS_abc_0_1.xyz.xz", -2.0), ("DS_abc_0_0.xyz.xz", -1.0)):
            content = lzma.compress(extxyz(labelled("Ni", energy)))
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert [q.atoms_energy(atoms) for atoms in q.load("colabfit:DS_abc_0")] == [-1.0, -2.0]


# load-atoms


@pytest.fixture
def github(server, monkeypatch):
    from load_atoms.database import internet
    from load_atoms.database.importers import c_gap_20u

    frames = [labelled("C", -1.0, config_type="Dimer"), labelled("C", -2.0, config_type="Fullerenes")]
    frames.append(labelled("C", -3.0, config_type="Dimer"))
    (server.root / "C-GAP-20U").mkdir()
    (server.root / "C-GAP-20U" / "C-GAP-20U.xyz").write_bytes(extxyz(*frames))
    monkeypatch.setattr(c_gap_20u, "BASE_GITHUB_URL", server.url)
    monkeypatch.setattr(internet, "matches_checksum", lambda path, expected: expected == "da0462802df1")
    return server


def test_a_data_set_of_load_atoms(github, cache, capsys):
    told = Told()
    frames = q.load("load-atoms:C-GAP-20U", progress=told)
    assert [q.atoms_energy(atoms) for atoms in frames] == [-1.0, -2.0, -3.0]
    assert (q.atoms_forces(frames[2]) == 0.25).all()
    assert "downloading c-gap-20u.xyz" in told.steps()
    assert capsys.readouterr().out == ""


def test_a_label_of_gap20(github, cache):
    source = (github.root / "C-GAP-20U" / "C-GAP-20U.xyz").read_bytes()
    lines = source.split(b"\n")
    path = published.fetch("gap20:Fullerenes")
    assert path.read_bytes() == b"\n".join(lines[10:20]) + b"\n", "byte for byte"
    assert [q.atoms_energy(atoms) for atoms in q.load("gap20:Dimer")] == [-1.0, -3.0]
    assert len(github.asked) == 1
    with pytest.raises(ValueError, match="gap20:Graphene: expected one of Dimer, Fullerenes"):
        q.load("gap20:Graphene")


def test_a_label_of_gap20_is_what_the_frame_gets(github, cache):
    path = github.root / "C-GAP-20U" / "C-GAP-20U.xyz"
    frame = "1\nProperties=species:S:1:pos:R:3 {} energy=-5\nC 0 0 0\n"
    comments = (
        'note="config_type=Quoted" Config_Type=Capital', "config_type = Blanks", "old_config_type=Old",
        "config_type='Two words'",
    )  # fmt: skip
    frames = [frame.format(comment) for comment in comments]
    path.write_text("".join(frames))
    for label, block in (("Capital", frames[0]), ("Blanks", frames[1]), ("Two words", frames[3])):
        written = b"".join(load_atoms.gap20(label, cache, None)).decode()
        assert written == block
    with pytest.raises(ValueError, match="gap20:Quoted: expected one of , Blanks, Capital, Two words"):
        list(load_atoms.gap20("Quoted", cache, None))


def test_a_wrong_hash_of_load_atoms_is_an_error(github, cache, monkeypatch):
    from load_atoms.database import internet

    monkeypatch.setattr(internet, "matches_checksum", lambda *_: False)
    with pytest.raises(ValueError, match="C-GAP-20U: what was downloaded is not what was published"):
        q.load("load-atoms:C-GAP-20U")
    assert not list(cache.rglob("*.xyz"))


def test_load_atoms_runs_nothing_that_it_does_not_bring(github, cache):
    with pytest.raises(
        ValueError, match="load-atoms:Evil: expected one of those that load-atoms brings: a_si_24"
    ):
        q.load("load-atoms:Evil")
    assert github.asked == []


# names, table, errors


@pytest.mark.parametrize("name", ["train.xyz", "tm23:", "nobody:Ag", "tm23:../../etc", "colabfit:a/b", 3])
def test_what_is_no_name(cache, name):
    with pytest.raises(ValueError, match="name: expected a source"):
        q.load(name)


def test_without_a_network(cache, monkeypatch):
    def refuse(*_):
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    for name in ("tm23:Ag", "colabfit:C_NPJ2020", "colabfit:DS_abc_0", "gap20:Dimer", "load-atoms:QM7"):
        with pytest.raises(ConnectionError, match=f"^{name}: .* without a network$"):
            q.load(name)


def test_without_the_packages(cache, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(
        ImportError, match=r'tm23:Ag: pooch is not installed: pip install "quests-explorer\[data'
    ):
        q.load("tm23:Ag")


def test_without_a_folder(monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", "")
    with pytest.raises(ValueError, match="QUESTS_CACHE_DIR is empty"):
        q.load("tm23:Ag")


def test_the_table_lists_what_can_be_loaded():
    from load_atoms.database.database_entry import DatabaseEntry

    table = q.datasets()
    assert list(table) == ["name", "elements", "n_frames", "n_envs", "licence", "citation"]
    assert table.name.is_unique
    assert all(published.is_name(name) for name in table.name)
    for name in table.name[table.name.str.startswith("load-atoms:")]:
        load_atoms._importer(name.partition(":")[2])
    known = {DatabaseEntry.importer_file_stem(name.partition(":")[2]) for name in table.name}
    with pytest.raises(ValueError, match="brings: a_si") as error:
        load_atoms._importer("none")
    assert set(str(error.value).rpartition(": ")[2].split(", ")) <= known, (
        "all that load-atoms brings is listed"
    )
    assert set(materials_cloud.TM23_ELEMENTS) <= set(table.elements)
