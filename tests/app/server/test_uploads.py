"""Uploaded files of a session."""

import re

import pytest

from quests_app.server.uploads import UploadFolder, safe_name
from tests.core.ugly_texts import TEXTS


def test_an_upload_that_fails_leaves_nothing(tmp_path, monkeypatch, session):
    folder = UploadFolder()

    def fill(path, content):
        with path.open("wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fill)
    with pytest.raises(OSError, match="No space"):
        folder.save("x.xyz", b"12345")
    assert list(folder._folder.iterdir()) == []
    folder.close()
    session.controller.upload("x.xyz", b"12345")
    assert session.state.error == "Could not upload x.xyz: No space left on device."
    session.controller.show_error("Could not export", OSError(28, "No space left on device"))
    assert session.state.error.startswith("Could not export: No space left on device.")


@pytest.mark.parametrize("text", TEXTS)
def test_names_of_uploads_are_valid_file_names(text, tmp_path):
    name = safe_name(text)
    assert re.fullmatch(r"[\w+-][\w.+-]*", name)
    (tmp_path / name).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [name]
