"""A local server in place of the internet, and an empty cache."""

import hashlib
import http.server
import io
import threading
import zipfile
from functools import partial

import pytest

from quests_core.published import materials_cloud
from tests.core.published.sources import Handler, extxyz, labelled


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets"


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
