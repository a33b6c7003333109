"""Compiled programs kept between processes: private, used, never trusted further than they can be read."""

import contextlib
import os
import signal
import stat
import sys

import jax
import pytest

from pellucid.engines import compile_cache
from twins import X, Y, digest, run, small

TRAIN = """
import warnings
warnings.simplefilter("always")
notices = []
warnings.showwarning = lambda message, *more: notices.append(str(message))
import jax
hits = []
jax.monitoring.register_event_listener(lambda event, **more: hits.append(event) if event.endswith("cache_hits") else None)
from twins import X, Y, digest, small
for rows in (120, 90):
    model = small()
    model.fit(X[:rows], Y[:rows], epochs=3, batch_size=50, engine="jax")
    print(digest(model))
print(len(hits), len(notices), *notices)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no modes of folders here")


def trained(folder) -> tuple[str, int, list[str]]:
    """(digests, programs read from the cache, notices) of a fresh process."""
    *digests, counts = run(TRAIN, PELLUCID_COMPILE_CACHE=str(folder)).stdout.splitlines()
    hits, count, *words = counts.split(" ")
    return " ".join(digests), int(hits), [] if count == "0" else [count, " ".join(words)]


def entries(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.endswith("-cache")}


@pytest.fixture(scope="module")
def expected() -> str:
    models = [small() for _ in range(2)]
    for model, rows in zip(models, (120, 90), strict=True):
        model.fit(X[:rows], Y[:rows], epochs=3, batch_size=50, engine="jax")
    return " ".join(map(digest, models))


@pytest.fixture(scope="module")
def filled(tmp_path_factory, expected):
    """A folder, not there before, with the programs of one process."""
    folder = tmp_path_factory.mktemp("of a user") / "new" / "cache"
    assert trained(folder) == (expected, 0, [])
    return folder


def test_a_second_process_reads_what_the_first_has_compiled(filled, expected):
    """The same bits, nothing written anew, a folder for its owner alone."""
    kept = entries(filled)
    assert len(kept) == 2 and all(name.startswith("jit_") for name in kept)
    assert stat.S_IMODE(filled.stat().st_mode) == 0o700
    assert trained(filled) == (expected, 2, [])
    assert entries(filled) == kept


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


def _empty(content: bytes) -> bytes:
    return b""


def _other(content: bytes) -> bytes:
    return b"not a program"


@pytest.mark.parametrize("damages", [(_cut, _flipped), (_empty, _other)], ids=["cut and a bit", "empty and other"])
def test_damaged_programs_are_compiled_anew_with_one_notice(filled, expected, damages):
    kept = entries(filled)
    try:
        for damage, (name, content) in zip(damages, kept.items(), strict=True):
            (filled / name).write_bytes(damage(content))
        digests, hits, (count, notice) = trained(filled)
        assert (digests, hits, count) == (expected, 0, "1")
        assert f"in {filled} could not be used" in notice and "compiled anew, and the cache emptied" in notice
        assert entries(filled).keys() < kept.keys()  # what was compiled after the notice is kept again
    finally:
        for name, content in kept.items():
            (filled / name).write_bytes(content)


def test_a_folder_that_others_can_write_to_is_refused(tmp_path, expected):
    """What lies in it would be run."""
    tmp_path.chmod(0o777)
    digests, hits, (count, notice) = trained(tmp_path)
    assert (digests, hits, count) == (expected, 0, "1") and entries(tmp_path) == {}
    assert f"chmod 700 {tmp_path}" in notice


@pytest.mark.parametrize("mode, private", [(0o700, True), (0o755, True), (0o770, False), (0o702, False)])
def test_who_may_write_decides(tmp_path, monkeypatch, mode, private):
    monkeypatch.setattr(compile_cache, "_told", set())
    tmp_path.chmod(mode)
    with contextlib.nullcontext() if private else pytest.warns(UserWarning, match="others can write programs there"):
        assert compile_cache._private(str(tmp_path)) is private


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", str(tmp_path / "file" / "cache"))
    history = small().fit(X[:7], Y[:7], epochs=1, engine="jax")
    assert history.engine == "jax" and history.stopped == "finished" and (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("off", ["off", "OFF", "0", "no"])
def test_off_writes_nothing(tmp_path, monkeypatch, off):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", off)
    assert compile_cache.folder() is None
    if off == "off":
        run(TRAIN, PELLUCID_COMPILE_CACHE=off, HOME=str(home), XDG_CACHE_HOME=str(home))
        assert list(home.iterdir()) == [] and list(tmp_path.iterdir()) == [home]


def test_where_the_folder_is(monkeypatch, tmp_path):
    monkeypatch.delenv("PELLUCID_COMPILE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert compile_cache.folder() == str(tmp_path / "pellucid" / "compiled")
    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", "~/mine")
    assert compile_cache.folder() == os.path.expanduser("~/mine")


def test_a_full_or_locked_folder_is_told_once(tmp_path, monkeypatch):
    """Whatever JAX's cache raises: the program is there, with one notice for all of them."""

    class Lowered:
        asked = 0

        def compile(self):
            self.asked += 1
            if jax.config.jax_compilation_cache_dir:
                raise OSError(28, "No space left on device")
            return "program"

    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", str(tmp_path))
    monkeypatch.setattr(compile_cache, "_told", set())
    with pytest.warns(UserWarning, match="No space left on device") as told:
        assert [compile_cache.compiled(jax, Lowered()) for _ in range(3)] == ["program"] * 3
    assert len(told) == 1


def test_an_error_of_the_compiler_is_not_the_caches(tmp_path, monkeypatch):
    class Lowered:
        def compile(self):
            raise ValueError("mine")

    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="mine"):
        compile_cache.compiled(jax, Lowered())


def test_ctrl_c_waits_until_a_program_is_compiled():
    class Lowered:
        ended = False

        def compile(self):
            signal.raise_signal(signal.SIGINT)
            self.ended = True

    lowered, before = Lowered(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        compile_cache.compiled(jax, lowered)
    assert lowered.ended and signal.getsignal(signal.SIGINT) is before


def test_the_folder_does_not_grow_without_end(tmp_path):
    """The programs not used for longest go first; nothing else in the folder is touched."""
    for number in range(6):
        path = tmp_path / f"jit_run-{number}-cache"
        path.write_bytes(b"x" * 100)
        os.utime(path, (1000 + number, 1000 + number))
    (tmp_path / "jit_run-empty-cache").write_bytes(b"")
    (tmp_path / "letters-cache").write_bytes(b"x" * 1000)
    compile_cache._keep(str(tmp_path), 250)
    assert sorted(path.name for path in tmp_path.iterdir() if path.stat().st_size) == [
        "jit_run-4-cache", "jit_run-5-cache", "letters-cache",
    ]  # fmt: skip
    compile_cache._keep(str(tmp_path), -1)
    assert [path.name for path in tmp_path.iterdir()] == ["letters-cache"]


USERS = """
import os, sys, jax, jax.numpy as jnp
from twins import X, Y, small
if sys.argv[2] == "before":
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.jit(lambda x: x + 1.0)(1.0)
before = dict(jax.config.values)
small().fit(X, Y, epochs=1, engine="jax")
assert dict(jax.config.values) == before, "a setting of JAX's is another"
jax.jit(lambda x: x + 2.0)(1.0)
if sys.argv[2] == "after":
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.jit(lambda x: x + 3.0)(1.0)
"""


@pytest.mark.parametrize("when", ["before", "after", "never"])
def test_programs_of_the_users_go_where_the_user_says(tmp_path, when):
    """Where JAX was given a folder, ours go there, too; else not one of the user's comes into ours."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    run(USERS, str(theirs), when, PELLUCID_COMPILE_CACHE=str(ours))
    names = {
        folder: [name.partition("-")[0] for name in entries(folder)] if folder.exists() else []
        for folder in (ours, theirs)
    }
    if when == "before":
        assert not ours.exists() and "jit_run" in names[theirs] and "jit__lambda" in names[theirs]
    else:
        assert names[ours] == ["jit_run"]
        assert names[theirs] == (["jit__lambda"] if when == "after" else [])
