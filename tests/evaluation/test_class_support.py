import numpy as np

from histo_core.evaluation.class_support import class_support, one_against_rest_support, support_in_words

TRUE = np.array([0, 0, 1, 2, 2, 2])
PATIENT = np.array(["p", "p", "p", "q", "r", "r"], dtype=object)


def test_patches_and_patients_of_each_class_are_counted() -> None:
    found = class_support(TRUE, ("a", "b", "c"), PATIENT)
    assert [(one.patches, one.groups) for one in found] == [(2, 1), (1, 1), (3, 2)]
    assert support_in_words(found, "patient") == (
        "a: 2 patches of 1 patient; b: 1 patch of 1 patient; c: 3 patches of 2 patients"
    )


def test_a_class_without_patches_has_none() -> None:
    found = class_support(np.array([0, 0]), ("a", "b"), PATIENT[:2])
    assert support_in_words(found, "patient") == "a: 2 patches of 1 patient; b: none"


def test_nothing_is_said_of_patients_where_none_is_known() -> None:
    assert support_in_words(class_support(TRUE, ("a", "b", "c")), None) == "a: 2 patches; b: 1 patch; c: 3 patches"


def test_one_class_stands_against_the_rest_by_name() -> None:
    rest = one_against_rest_support(TRUE, ("a", "b", "c"), 2, PATIENT)
    assert support_in_words(rest, "slide") == "c: 3 patches of 2 slides; the rest: 3 patches of 1 slide"
    two = one_against_rest_support(TRUE % 2, ("a", "b"), 1, PATIENT)
    assert [one.name for one in two] == ["b", "a"]
    assert [one.patches for one in two] == [1, 5]
