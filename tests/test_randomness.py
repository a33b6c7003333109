"""The draws: pure functions of (seed, epoch, step, layer), and good enough for masks."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.randomness import Draws, check_seed, generator, lowbias32, permutation

LIKE = np.zeros((50, 40), np.float32)
BIG = 2**64 - 1
words = st.integers(0, 2**32 - 1)


def bits(seed=0, epoch=0, step=0, layer=0, stream=0, like=LIKE):
    return Draws(seed, epoch, step).of(layer).bits(like, stream)


# -- pure functions ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, BIG), epoch=words, step=words, layer=st.integers(0, 1000))
def test_draws_depend_on_seed_epoch_step_and_layer_alone(seed, epoch, step, layer):
    first = bits(seed, epoch, step, layer)
    Draws(seed + 1, epoch, step).of(layer).bits(LIKE)  # nothing is kept between draws
    np.testing.assert_array_equal(bits(seed, epoch, step, layer), first)
    np.testing.assert_array_equal(Draws(seed, epoch, step, layer).bits(LIKE), first)
    assert first.dtype == np.uint32 and first.shape == LIKE.shape
    for other in ((seed ^ 1, epoch, step, layer), (seed, epoch ^ 1, step, layer), (seed, epoch, step ^ 1, layer)):
        assert (bits(*other) == first).mean() < 0.01
    assert (bits(seed, epoch, step, layer + 1) == first).mean() < 0.01


def test_a_source_moves_on_with_its_moment():
    draws = Draws(5)
    layers = [draws.of(number) for number in range(3)]
    draws.moment.epoch, draws.moment.step = 4, 9
    for number, of_layer in enumerate(layers):
        np.testing.assert_array_equal(of_layer.bits(LIKE), bits(5, 4, 9, number))


def test_the_library_of_the_numbers_does_not_matter():
    expected = bits(3, 2, 1, 4)
    np.testing.assert_array_equal(bits(np.int64(3), np.int32(2), np.uint8(1), np.int64(4)), expected)
    as_arrays = [np.array([value], np.uint32) for value in (3, 2, 1)]
    np.testing.assert_array_equal(bits(*as_arrays, layer=4), expected)


def test_negative_numbers_are_refused():
    with pytest.raises(InputError, match="at least 0"):
        bits(seed=-1)


def test_a_mask_does_not_depend_on_the_rest_of_the_array():
    """The first entries of a longer array are those of a shorter: the number of an entry counts, not the shape."""
    np.testing.assert_array_equal(bits(like=np.zeros(7)), bits(like=np.zeros((3, 5))).ravel()[:7])


# -- big seeds ---------------------------------------------------------------------------------------------------------


def test_every_bit_of_a_big_seed_counts():
    seeds = [0, BIG, 2**32, 2**32 - 1, *(1 << bit for bit in range(64))]
    keys = {b"".join(key.tobytes() for key in draws.keys()) for draws in map(Draws, seeds)}  # noqa: SIM118
    assert len(keys) == len(set(seeds))
    draws = {generator(seed, "weights").integers(2**63) for seed in seeds}
    assert len(draws) == len(set(seeds))


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "1", None])
def test_seeds_that_are_none_are_refused(seed):
    with pytest.raises(InputError, match="whole number from 0 to"):
        check_seed(seed)


def test_seeds_are_python_numbers():
    assert check_seed(np.uint64(BIG)) == BIG and type(check_seed(np.int32(7))) is int


# -- statistics (of fixed seeds, so each is a fact: the limits are about five standard deviations) ----------------------

MANY = np.zeros(1_000_000, np.float64)


def test_uniform_numbers_are_uniform():
    u = Draws(1, 2, 3).of(4).uniform(MANY)
    assert u.min() >= 0.0 and u.max() < 1.0 and u.dtype == np.float64
    assert u.mean() == pytest.approx(0.5, abs=0.0015) and u.var() == pytest.approx(1 / 12, abs=0.0005)
    counts = np.histogram(u, 100, (0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 175  # chi-squared with 99 degrees of freedom, p = 4e-6


def test_normal_numbers_are_normal():
    n = Draws(1, 2, 3).of(4).normal(MANY)
    assert n.mean() == pytest.approx(0.0, abs=0.005) and n.var() == pytest.approx(1.0, abs=0.008)
    assert (n**3).mean() == pytest.approx(0.0, abs=0.02) and (n**4).mean() == pytest.approx(3.0, abs=0.05)
    for limit, share in ((1.0, 0.682689), (2.0, 0.954500), (3.0, 0.997300)):
        assert (abs(n) < limit).mean() == pytest.approx(share, abs=0.0025)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_come_in_the_arrays_precision(dtype):
    like = np.zeros((3, 5), dtype)
    for draw in (Draws(0).uniform(like), Draws(0).normal(like)):
        assert draw.dtype == dtype and draw.shape == (3, 5) and np.isfinite(draw).all()


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.3, 0.5, 0.99, 1.0 - 2**-40])
def test_keep_keeps_its_share(rate):
    kept = Draws(9).keep(MANY, rate)
    assert kept.dtype == bool
    assert kept.mean() == pytest.approx(1.0 - rate, abs=max(5 * (rate * (1 - rate) / MANY.size) ** 0.5, 1e-9))


def test_every_bit_is_as_often_1_as_0():
    drawn = bits(like=MANY)
    shares = [((drawn >> np.uint32(bit)) & np.uint32(1)).mean() for bit in range(32)]
    np.testing.assert_allclose(shares, 0.5, atol=0.0025)


def test_neighbours_do_not_resemble_each_other():
    """Steps, epochs, layers, seeds and streams beside each other, and entries beside each other within one draw."""
    places = list(itertools.product((0, 1, 2**32), (0, 1), (0, 1, 2), (0, 1, 2), (0, 1)))
    like = np.zeros(20_000)
    drawn = np.stack([bits(*place, like=like) for place in places]).astype(np.float64)
    correlation = np.corrcoef(drawn) - np.eye(len(places))
    assert abs(correlation).max() < 6.0 / like.size**0.5
    for lag in (1, 2, 40, 64):
        beside = [np.corrcoef(row[:-lag], row[lag:])[0, 1] for row in drawn]
        assert np.abs(beside).max() < 6.0 / like.size**0.5


def test_masks_of_neighbouring_steps_overlap_by_chance_alone():
    masks = [Draws(0, 0, step).of(1).keep(LIKE, 0.5) for step in range(30)]
    for one, other in itertools.combinations(masks, 2):
        assert (one == other).mean() == pytest.approx(0.5, abs=0.06)


def test_the_hash_loses_nothing_and_mixes_every_bit():
    """Different words stay different, and flipping one bit of the input flips half of the output's."""
    assert len(np.unique(lowbias32(np.arange(1 << 20, dtype=np.uint32)))) == 1 << 20
    words_ = np.random.default_rng(0).integers(0, 2**32, 4000, np.uint32)
    for bit in range(32):
        flipped = lowbias32(words_) ^ lowbias32(words_ ^ np.uint32(1 << bit))
        share = np.bitwise_count(flipped).mean() / 32
        assert share == pytest.approx(0.5, abs=0.02)


# -- the order of the rows and the first weights -----------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, BIG), epoch=st.integers(0, 10**6), n=st.integers(1, 200))
def test_an_order_visits_every_row_once_and_depends_on_seed_and_epoch(seed, epoch, n):
    order = permutation(seed, epoch, n)
    np.testing.assert_array_equal(np.sort(order), np.arange(n))
    np.testing.assert_array_equal(permutation(seed, epoch, n), order)
    if n > 20:
        assert not np.array_equal(permutation(seed, epoch + 1, n), order)
        assert not np.array_equal(permutation(seed ^ 1, epoch, n), order)


def test_generators_of_other_purposes_or_layers_are_others():
    drawn = {
        generator(7, purpose, word).integers(2**63)
        for purpose in ("weights", "order", "split", "noise")
        for word in range(50)
    }
    assert len(drawn) == 200


def test_nothing_touches_numpys_global_generator():
    before = np.random.get_state()[1].copy()
    permutation(0, 0, 10), generator(0, "weights").normal(), Draws(0).normal(LIKE)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
