"""The checkboxes of the methods."""

from quests_app.views.sidebar.methods import MethodsView


def test_checkboxes_and_state_agree(opened):
    methods = MethodsView(opened.state)
    methods._boxes["mean_fps"].value = True
    opened.run()
    assert list(opened.state.shown) == ["msc", "mean_fps", "random"]
    methods._boxes["msc"].value = False
    assert opened.state.active == "mean_fps"
    assert methods._active.value == "mean_fps"
    methods._boxes["mean_fps"].value = methods._boxes["random"].value = False
    assert len(opened.state.methods) == 1
    assert methods._boxes[opened.state.methods[0]].value, "the last method cannot be removed"
