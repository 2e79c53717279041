"""The table of potentials, and its download."""

import numpy as np
import pytest

from quests_app.views.potentials.cells import CellsTable
from tests.app.conftest import visible_text_of
from tests.app.views.potentials.conftest import Noisy, press, train


@pytest.fixture
def table(copper, training):
    return CellsTable(copper.state, training, "potentials")


def test_a_row_for_each_potential_and_all_columns_as_csv(copper, table, form, monkeypatch):
    assert "fewest frames for the same force error" in visible_text_of(form)
    train(copper, form)
    assert "fewest frames" not in visible_text_of(form)
    rows = table._table.value
    assert rows[["method", "n_frames", "seed"]].values.tolist() == [
        [method, size, seed] for method in ("msc", "random") for size in (4, 8) for seed in (0, 1)
    ]
    assert set(rows.status) == {"finished"}
    assert rows.overlap.between(0, 100).all()
    assert rows.overlap.max() > 1, "per cent"
    sent = []
    monkeypatch.setattr(table._download, "send", lambda *args: sent.append(args))
    press(table, "Download (.csv)")
    ((name, content),) = sent
    assert name == "copper-potentials.csv"
    first, *others = content.decode().splitlines()
    assert first.startswith("method,n_frames,n_envs,fraction,seed,status,force_rmse,force_mae")
    assert len(others) == 8


def test_a_failed_potential_is_marked_with_its_sentence(copper, table, form, monkeypatch):
    def failing(*_):
        raise RuntimeError("no <b>memory</b>")

    monkeypatch.setattr(Noisy, "train", failing)
    train(copper, form, "4")
    assert set(table._table.value.status) == {"⚠ failed"}
    assert set(table._table.value.message) == {"RuntimeError: no <b>memory</b>"}
    assert "⚠ 4 potentials failed" in visible_text_of(table)
    assert (
        "4 potentials failed: msc, 4 frames, seed 0: RuntimeError: no &lt;b&gt;memory&lt;/b&gt;"
        in visible_text_of(table)
    )


@pytest.mark.parametrize("mode", ["label", "element", "force_decile", "delta_entropy"])
def test_errors_of_groups_of_the_test_set(copper, training, table, form, monkeypatch, mode):
    train(copper, form, "4")
    table._mode.value = mode
    assert table._groups.visible
    assert not table._table.visible
    rows, groups = table._groups.value, training.comparison.groups
    expected = groups[groups.by == mode]
    for column in ("n_test_envs", "force_rmse", "force_mae", "energy_rmse", "energy_mae"):
        assert rows[column].tolist() == pytest.approx(expected[column].tolist(), nan_ok=True)
    names = rows.group.tolist()
    some = {"label": "hot", "element": "Cu", "force_decile": " eV Å⁻¹", "delta_entropy": " nats"}[mode]
    assert any(some in name for name in names)
    sent = []
    monkeypatch.setattr(table._download, "send", lambda *args: sent.append(args))
    press(table, "Download (.csv)")
    ((name, content),) = sent
    assert name == f"copper-potentials-by-{mode}.csv"
    assert len(content.decode().splitlines()) == 1 + len(expected)


@pytest.mark.costly
def test_diverged_potentials_and_impossible_sizes_are_marked_and_the_rest_goes_on(
    copper, table, form, monkeypatch
):
    plain = Noisy.train

    def spoiled(self, frames, *others):
        predict = plain(self, frames, *others)
        factor = {4: np.nan, 5: -2.0}.get(len(frames), 1.0)
        return lambda asked: predict(asked)._replace(forces=factor * predict(asked).forces)

    monkeypatch.setattr(Noisy, "train", spoiled)
    train(copper, form, "4, 5, 6, 400")
    rows = table._table.value
    states = rows.groupby("n_frames").status.agg(set).to_dict()
    assert states == {4: {"⚠ diverged"}, 5: {"⚠ diverged"}, 6: {"finished"}, 400: {"⚠ failed"}}
    assert rows.force_rmse.notna().tolist() == (rows.n_frames == 6).tolist()
    messages = rows.groupby("n_frames").message.first()
    assert messages[4] == "the potential predicts energies or forces that are not finite"
    assert "exceeds the root mean square of the test forces" in messages[5]
    assert messages[400] == "the training part has only 16 frames"
    assert "16 potentials, of which 12 failed" in visible_text_of(form)
    text = visible_text_of(table)
    assert f"8 potentials diverged: msc, 4 frames, seed 0: {messages[4]}" in text
    assert f"4 potentials failed: msc, 400 frames, seed 0: {messages[400]}" in text
