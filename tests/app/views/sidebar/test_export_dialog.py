"""The dialog with all export options."""

import html
import json
import re
import shlex
import zipfile
from io import BytesIO

import pytest
from typer.testing import CliRunner

import quests_app.cli  # noqa: F401 (adds its commands)
from quests_app.exports.bundle import INDICES, ExportOptions
from quests_app.exports.frame_keys import NOTES
from quests_app.views.sidebar.export_dialog import ExportDialog
from quests_core.cli import app as command_line
from quests_core.io.frame_keys import RANK, SOURCE
from quests_core.io.program_keys import MACE, NEQUIP
from tests.app.exports.archives import unzipped


@pytest.fixture
def dialog(opened, sets):
    dialog = ExportDialog(opened.state, opened.controller, sets)
    dialog._parts.value = [INDICES]
    return dialog


def test_options_follow_the_dialog(dialog):
    assert dialog.options == ExportOptions(parts=(INDICES,))
    assert not dialog._numbers.visible
    dialog._content.value = MACE
    assert NOTES[MACE][:20] in dialog._note.object
    dialog._split.value = True
    assert dialog._numbers.visible
    dialog._fraction.value, dialog._distance.value, dialog._seed.value = 20, 0.5, 3
    expected = ExportOptions(content=MACE, parts=(INDICES,), valid_fraction=0.2, distance=0.5, seed=3)
    assert dialog.options == expected


def test_the_archive_of_the_displayed_subset_is_sent(opened, dialog, monkeypatch):
    sent = {}
    monkeypatch.setattr(dialog._download_file, "send", sent.__setitem__)
    opened.state.param.update(active="random", n_frames=5)
    assert "5 frames of random." in dialog._status.object
    dialog._make.clicks += 1
    assert dialog._make.disabled
    opened.run()
    assert "Saved." in dialog._status.object
    assert not dialog._make.disabled
    with zipfile.ZipFile(BytesIO(sent["copper-random-5-export.zip"])) as archive:
        indices = archive.read("indices.txt").split()
    assert [int(i) for i in indices] == opened.state.frames_of("random").tolist()


def test_a_failed_export_shows_why(opened, dialog, file):
    file.write_bytes(b"changed")
    dialog._make.clicks += 1
    opened.run()
    assert 'role="alert">Could not export: ' in dialog._status.object
    assert not dialog._make.disabled


def test_nothing_is_exported_while_the_order_for_new_marks_is_computed(opened, dialog):
    opened.state.marks = opened.state.marks.exclude([3])
    assert dialog._more.disabled
    assert dialog._make.disabled
    opened.run()
    assert not dialog._make.disabled


def words_of(dialog):
    """Return the words of the command that is shown."""
    (line,) = re.findall("<code>(.*)\n</code>", dialog._listing.object)
    return shlex.split(html.unescape(re.sub("<[^>]*>", "", line)))


def test_the_command_writes_what_the_dialog_exports(opened, dialog, tmp_path, monkeypatch):
    """Run it with every content and with a split, and compare with the files of the archive."""
    monkeypatch.chdir(tmp_path)
    opened.state.param.update(active="random", n_frames=12)
    for kind in (SOURCE, RANK, MACE, NEQUIP):
        dialog._content.value, dialog._split.value = kind, kind != NEQUIP
        dialog._fraction.value, dialog._distance.value, dialog._seed.value = 20, 0.5, 3
        dialog._command.clicks += 1
        program, *arguments = words_of(dialog)
        assert program == "quests-explorer"
        assert arguments[-1] == "copper-random-12-export.zip"
        done = CliRunner().invoke(command_line, [*arguments, "--force", "--no-umap"])
        assert done.exit_code == 0, done.output
        files, notes = unzipped(opened.state, dialog.options, n=12)
        for note in notes:
            assert note in done.stdout
        with zipfile.ZipFile(arguments[-1]) as archive:
            written = {name: archive.read(name) for name in archive.namelist()}
        ours, theirs = (json.loads(one.pop("subset.json")) for one in (files, written))
        assert theirs.pop("created") <= ours.pop("created")
        assert ours == theirs
        assert files == written
        assert dialog._listing.visible
    dialog._fraction.value = 30
    assert not dialog._listing.visible, "it was that of other options"


def test_the_command_compares_with_the_same_file(opened, dialog, other_file, sets):
    sets.add(other_file)
    opened.run()
    opened.state.active = "msc"
    dialog._command.clicks += 1
    words = words_of(dialog)
    assert words[words.index("--reference") + 1] == str(other_file)
    assert words[words.index("--methods") + 1] == "msc,random"
    assert words[words.index("--parts") + 1] == INDICES
