"""A local server and frames for tests of published data sets."""

import hashlib
import http.server
import io
import json

import ase.io
import numpy as np
from ase.build import bulk


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serve the files of a folder, also as a commit by the API of Hugging Face."""

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


def extxyz(*frames):
    buffer = io.StringIO()
    ase.io.write(buffer, list(frames), format="extxyz")
    return buffer.getvalue().encode()


def labelled(symbol, energy, **info):
    atoms = bulk(symbol, cubic=True)
    atoms.info = {"energy": energy, **info}
    atoms.arrays["forces"] = np.full((len(atoms), 3), 0.25)
    return atoms


class ProgressRecorder:
    def __init__(self):
        self.calls = []

    def __call__(self, step, done, total):
        assert 0 <= done <= total
        self.calls.append((step, done, total))

    def steps(self):
        return {step for step, done, total in self.calls if done == total}
