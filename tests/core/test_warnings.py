"""Warnings caused by this code are errors in tests, deprecations inside other packages are not."""

import warnings

import pytest

DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


def warn(category, module, message="old"):
    warnings.warn_explicit(message, category, f"{module}.py", 1, module=module, registry={})


@pytest.mark.parametrize("category", DEPRECATIONS)
@pytest.mark.parametrize(
    "module", ["quests_core.io.read", "quests_app.views.map.map", "tests.core.test_io", __name__]
)
def test_deprecations_that_our_code_causes_are_errors(category, module):
    with pytest.raises(category):
        warn(category, module)


@pytest.mark.parametrize("category", DEPRECATIONS)
@pytest.mark.parametrize("module", ["ase.atoms", "panel.io.document", "quests"])
def test_deprecations_inside_other_packages_are_not(category, module):
    with warnings.catch_warnings(record=True) as shown:
        warn(category, module)
    assert shown == []


@pytest.mark.parametrize("category", [UserWarning, RuntimeWarning, ResourceWarning])
def test_all_other_warnings_are_errors_wherever_they_arise(category):
    with pytest.raises(category):
        warn(category, "numpy.lib")


def test_a_deprecated_call_of_ours_is_an_error():
    def deprecated():
        warnings.warn("old", DeprecationWarning, stacklevel=2)

    with pytest.raises(DeprecationWarning):
        deprecated()


def test_uncounted_physical_cores_are_no_error():
    message = "Could not find the number of physical cores for the following reason:\n"
    with warnings.catch_warnings(record=True) as shown:
        warn(UserWarning, "joblib.externals.loky.backend.context", message)
    assert shown == []
    with pytest.raises(UserWarning):
        warn(UserWarning, "quests_core.information.curve", message)
