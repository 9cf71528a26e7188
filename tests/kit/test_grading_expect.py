import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.grading.expect import Mismatch, expect_close, expect_equal, expect_raises, expect_true, show

TOLD = {"asked": "what", "case": "this"}


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3),
        ([1, [2, 3]], [1, (2, 3)]),
        (mx.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([mx.array([1]), 2], [[1], 2]),
        ({1: [2]}, {1: (2,)}),
    ],
)
def test_equal_things_pass_whatever_holds_them(got, expected):
    expect_equal(got, expected, **TOLD)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 4),
        (mx.array([1, 2]), [1, 3]),
        (mx.array([[1, 2]]), [1, 2]),
        (mx.zeros((0, 3)), [1]),
        (None, [1]),
        ("a", ["a"]),
    ],
)
def test_what_differs_is_a_mismatch_in_the_students_terms(got, expected):
    with pytest.raises(Mismatch) as caught:
        expect_equal(got, expected, **TOLD)
    assert (caught.value.asked, caught.value.case) == ("what", "this")
    assert caught.value.got
    assert caught.value.expected


def test_a_matrix_is_shown_as_a_grid_with_its_shape():
    with pytest.raises(Mismatch) as caught:
        expect_equal(mx.array([[1, 20], [300, 4]]), [[1, 2], [3, 4]], **TOLD)
    assert caught.value.got == "shape (2, 2)\n[  1  20]\n[300   4]"
    assert caught.value.expected == "[1 2]\n[3 4]"


def test_several_results_are_shown_on_one_line_in_the_order_asked():
    assert show(([[0, 1], [2]], 0.5, mx.array([1, 2]))) == "([[0, 1], [2]], 0.5, [1, 2])"


def test_close_is_relative_and_refuses_what_is_no_number():
    expect_close(1e9 + 1, 1e9, **TOLD)
    expect_close(mx.array(0.5), 0.5, **TOLD)
    for wrong in (1.01, None, "1.0", [1.0], float("nan")):
        with pytest.raises(Mismatch):
            expect_close(wrong, 1.0, **TOLD)


def test_true_says_what_came_and_what_was_expected():
    expect_true([1], **TOLD)
    with pytest.raises(Mismatch) as caught:
        expect_true(False, **TOLD, got="two", expected="one")
    assert (caught.value.got, caught.value.expected) == ("two", "one")


def fail(error):
    raise error


def test_raises_wants_the_type_and_the_words():
    expect_raises(ValueError, lambda: fail(ValueError("row 3 is bad")), **TOLD, mentions=["3", "row"])
    with pytest.raises(Mismatch, match="no error"):
        expect_raises(ValueError, lambda: 5, **TOLD)
    with pytest.raises(Mismatch, match="a message that contains '4'"):
        expect_raises(ValueError, lambda: fail(ValueError("row 3 is bad")), **TOLD, mentions=["4"])
    with pytest.raises(Mismatch, match="no message"):
        expect_raises(ValueError, lambda: fail(ValueError()), **TOLD)


def test_a_hole_and_other_errors_pass_through_raises_untouched():
    with pytest.raises(NotImplementedError):
        expect_raises(ValueError, lambda: fail(NotImplementedError("Task 2.1: x: see y")), **TOLD)
    with pytest.raises(NotImplementedError):
        expect_raises(RuntimeError, lambda: fail(NotImplementedError("Task 2.1: x: see y")), **TOLD)
    with pytest.raises(KeyError):
        expect_raises(ValueError, lambda: fail(KeyError("k")), **TOLD)


def test_a_list_of_unlike_things_is_shown_as_it_is():
    assert show([([1, 2], 0, "x")]) == "[[1, 2], 0, 'x']"
    assert show([[[1, 2], [3, 4]], [[5, 6]]]) == "[1 2]\n[3 4]\n\n[5 6]"
    assert show([]) == "[]"
