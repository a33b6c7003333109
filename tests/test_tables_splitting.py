"""Which rows learn, stop and judge: no row twice, no group on both sides, no future in the past, the seed alone decides."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, InputError
from pellucid.tables.splitting import Divider, Split

ROWS = st.integers(1, 120)
SHARES = st.sampled_from([0.1, 0.2, 0.5, 0.8])


def divided(divider, *arguments):
    """The split, where the rows are enough for one."""
    try:
        return divider.split(*arguments)
    except DataError as error:
        assert "rows are" in str(error) and "test=0" in str(error)
        assume(False)


def parts(split):
    return [split.train, split.validation, split.test]


def drawn(data, rows):
    """Columns that a divider may be given, some of them nasty: one group, one time, missing times."""
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)), np.int64)
    groups = np.array(data.draw(st.lists(st.integers(0, 8), min_size=rows, max_size=rows)), np.int64)
    times = np.array(
        data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 3.0, 7.0, np.nan]), min_size=rows, max_size=rows))
    )
    return {"random": {}, "stratified": {"labels": labels}, "group": {"groups": groups}, "time": {"times": times}}


@settings(max_examples=40)
@given(st.data(), ROWS, SHARES, SHARES, st.integers(0, 2**64 - 1))
def test_every_row_is_in_one_part_and_the_seed_alone_says_in_which(data, rows, test, validation, seed):
    for method, columns in drawn(data, rows).items():
        split = divided(Divider(rows, seed, **columns), test, validation)
        assert split.method == method and all(len(part) for part in parts(split))
        together = np.concatenate(parts(split))
        usable = np.flatnonzero(~np.isnan(columns["times"])) if method == "time" else np.arange(rows)
        assert np.array_equal(np.sort(together), usable)
        assert all(np.array_equal(part, np.sort(part)) for part in parts(split))
        again = Divider(rows, seed, **columns).split(test, validation)
        assert all(np.array_equal(a, b) for a, b in zip(parts(split), parts(again), strict=True))


@settings(max_examples=40)
@given(st.data(), ROWS, SHARES, st.integers(0, 99))
def test_no_group_is_on_two_sides(data, rows, share, seed):
    groups = drawn(data, rows)["group"]["groups"]
    split = divided(Divider(rows, seed, groups=groups), share, share)
    held = [set(groups[part]) for part in parts(split)]
    assert not (held[0] & held[1] or held[0] & held[2] or held[1] & held[2])


@settings(max_examples=40)
@given(st.data(), ROWS, SHARES)
def test_whatever_judges_is_later_than_all_that_is_learned_from(data, rows, share):
    times = drawn(data, rows)["time"]["times"]
    split = divided(Divider(rows, 0, times=times), share, share)
    assert times[split.train].max() < times[split.validation].min()
    assert times[split.validation].max() < times[split.test].min()


@settings(max_examples=40)
@given(st.data(), st.integers(20, 120), st.integers(2, 5), st.integers(0, 99))
def test_folds_judge_every_row_once_and_keep_groups_and_times_apart(data, rows, count, seed):
    for method, columns in drawn(data, rows).items():
        try:
            folds = Divider(rows, seed, **columns).folds(count, 0.2)
        except DataError as error:
            assert "too few" in str(error)
            continue
        assert len(folds) == count and all(isinstance(fold, Split) for fold in folds)
        judged = np.concatenate([fold.test for fold in folds])
        assert len(np.unique(judged)) == len(judged)
        for fold in folds:
            assert len(np.unique(np.concatenate(parts(fold)))) == sum(map(len, parts(fold)))
            if method == "group":
                seen = columns["groups"][np.concatenate([fold.train, fold.validation])]
                assert not set(columns["groups"][fold.test]) & set(seen)
            if method == "time":
                times = columns["times"]
                assert times[np.concatenate([fold.train, fold.validation])].max() < times[fold.test].min()
        if method != "time":
            assert len(judged) == rows


def test_classes_keep_their_shares_and_a_single_row_is_learned_from():
    labels = np.array([0] * 80 + [1] * 18 + [2] * 2 + [3])
    split = Divider(101, 4, labels).split(0.25, 0.0)
    assert np.bincount(labels[split.test], minlength=4).tolist() == [20, 4, 1, 0]
    assert not len(split.validation)
    for fold in Divider(101, 4, labels).folds(4):
        counts = np.bincount(labels[fold.test], minlength=4)
        assert counts[0] == 20 and counts[1] in (4, 5)


def test_classes_of_one_row_each_are_divided_at_random():
    split = Divider(10, 0, np.arange(10)).split(0.2, 0.25)
    assert [len(part) for part in parts(split)] == [6, 2, 2]


def test_shares_are_about_what_was_asked_for():
    rng = np.random.default_rng(0)
    groups, times = rng.integers(0, 200, 5000), rng.normal(size=5000)
    for columns in ({}, {"groups": groups}, {"times": times}):
        split = Divider(5000, 1, **columns).split(0.2, 0.25)
        assert abs(len(split.test) - 1000) < 30 and abs(len(split.validation) - 1000) < 30


def test_rows_without_a_time_are_left_out_and_it_is_said():
    split = Divider(5, 0, times=np.array([3.0, np.nan, 1.0, 2.0, np.nan])).split(0.3, 0.3)
    assert [part.tolist() for part in parts(split)] == [[2], [3], [0]]
    assert "2 rows without a time" in split.why


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Divider(1, 0).split(), "too few to set"),
        (lambda: Divider(9, 0, groups=np.zeros(9)).split(), "too few groups"),
        (lambda: Divider(9, 0, times=np.ones(9)).split(), "too few different times"),
        (lambda: Divider(9, 0, times=np.ones(9)).folds(3), "1 different times"),
        (lambda: Divider(9, 0, groups=np.arange(9) // 5).folds(3), "2 groups"),
        (lambda: Divider(3, 0).folds(4), "3 rows are too few for 4 folds"),
        (lambda: Divider(9, 0).folds(1), "at least 2"),
        (lambda: Divider(9, 0).split(1.0), "below 1"),
        (lambda: Divider(9, 0, groups=np.arange(9), times=np.arange(9.0)), "not both"),
        (lambda: Divider(9, -1), "seed=-1"),
    ],
)
def test_what_cannot_be_divided_gets_a_sentence(make, words):
    with pytest.raises(InputError, match=words):
        make()
