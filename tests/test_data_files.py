"""Files of arrays: what was saved comes back; what is damaged, foreign or a bomb is refused before memory is taken."""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from pellucid import datasets
from pellucid.datasets import read, read_idx, read_npy, read_npz
from pellucid.errors import DataError, FileError, InputError

X = np.arange(24, dtype=np.float32).reshape(6, 4)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.uint8)


def npy(array, **options):
    memory = io.BytesIO()
    np.lib.format.write_array(memory, array, **options)
    return memory.getvalue()


def npz(save=np.savez, **arrays):
    memory = io.BytesIO()
    save(memory, **arrays)
    return memory.getvalue()


def idx(array):
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


def header(text, version=1):
    """The bytes of a .npy file with this header and no data."""
    text = text.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text


def put(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def peak(function):
    """The most memory that Python and NumPy held at once while `function` ran, in bytes."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(function, *arguments, error=FileError, **options):
    with pytest.raises(error):
        function(*arguments, **options)


# -- what was saved comes back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["b1", "i1", "u1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_and_npz_come_back(tmp_path, code, order):
    array = np.asarray(np.arange(30).reshape(2, 3, 5) % 2 + np.zeros(5), dtype=code, order=order)
    for shaped in (array, array[0, 0], array[:, :0], np.array(1, code)):
        back = read_npy(put(tmp_path, "a.npy", npy(shaped)))
        assert (
            back.shape == shaped.shape and back.dtype == shaped.dtype.newbyteorder("=") and np.array_equal(back, shaped)
        )
    for save in (np.savez, np.savez_compressed):
        back = read_npz(put(tmp_path, "a.npz", npz(save, one=array, two=array[0])))
        assert (
            list(back) == ["one", "two"]
            and np.array_equal(back["one"], array)
            and np.array_equal(back["two"], array[0])
        )


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_npy(tmp_path, version):
    assert np.array_equal(read_npy(put(tmp_path, "a.npy", npy(X, version=version))), X)


def test_headers_of_other_writers(tmp_path):
    """Other libraries order and space the header as they like."""
    for text in (
        '{"shape": (2,), "descr": "<f4", "fortran_order": False}',
        "{'descr':'<f4','fortran_order':False,'shape':(2,)}\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, ), }   \n",
    ):
        back = read_npy(put(tmp_path, "a.npy", header(text) + np.array([1.0, 2.0], "<f4").tobytes()))
        assert back.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("code", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_idx_comes_back(tmp_path, code):
    array = np.arange(24).reshape(2, 3, 4).astype(code)
    for data in (idx(array), gzip.compress(idx(array))):
        back = read_idx(put(tmp_path, "any name", data))
        assert back.dtype == array.dtype and np.array_equal(back, array)


# -- X and y ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("X", "y"), ("x_train", "y_train"), ("images", "labels"), ("data", "target")])
def test_read_npz_knows_the_usual_names(tmp_path, names):
    path = put(tmp_path, "d.npz", npz(**{names[0]: X, names[1]: LABELS, "other": X}))
    x, y = read(path)
    assert np.array_equal(x, X) and np.array_equal(y, LABELS) and y.dtype == np.int64


def test_read_npz_by_target(tmp_path):
    path = put(tmp_path, "d.npz", npz(x_train=X, y_train=LABELS, x_test=X[:3], y_test=LABELS[:3]))
    assert np.array_equal(read(path)[0], X) and np.array_equal(read(path, target="y_test")[0], X[:3])
    path = put(tmp_path, "e.npz", npz(a=X, price=X[:, 0]))
    with pytest.raises(DataError, match="which of them is y"):
        read(path)
    assert np.array_equal(read(path, target="price")[0], X)
    with pytest.raises(DataError, match="no array 'prices'; it holds 'a', 'price'"):
        read(path, target="prices")
    with pytest.raises(DataError, match="which of them is X"):
        read(put(tmp_path, "f.npz", npz(a=X, b=X, y=LABELS)), target="y")
    assert np.array_equal(read(put(tmp_path, "g.npz", npz(X=X, b=X, w=LABELS)), target="w")[0], X)


def test_images_keep_their_axes(tmp_path):
    images = np.arange(6 * 5 * 5 * 3, dtype=np.uint16).reshape(6, 5, 5, 3).astype(np.uint8)
    x, y = read(put(tmp_path, "d.npz", npz(X=images, y=LABELS[:, None])))
    assert np.array_equal(x, images) and x.dtype == np.uint8 and y.tolist() == LABELS.tolist()


def test_read_npy_columns(tmp_path):
    path = put(tmp_path, "t.npy", npy(X))
    for target, column in ((None, 3), (1, 1), ("1", 1), (-4, 0), ("-1", 3)):
        x, y = read(path, target=target)
        assert (
            np.array_equal(x, np.delete(X, column, axis=1)) and np.array_equal(y, X[:, column]) and y.dtype == np.int64
        )
    for target in (4, -5, "99"):
        with pytest.raises(DataError, match=r"no column .*it has 4"):
            read(path, target=target)
    with pytest.raises(DataError, match="two columns or more"):
        read(put(tmp_path, "u.npy", npy(X[:, 0])))


def test_read_npy_with_a_file_of_targets(tmp_path):
    values = np.linspace(0.0, 1.0, 6)
    x, y = read(put(tmp_path, "X.npy", npy(X)), target=put(tmp_path, "y.npy", npy(values)))
    assert np.array_equal(x, X) and np.array_equal(y, values[:, None]), "values of a regression are one column"
    with pytest.raises(DataError, match="one target for each row"):
        read(tmp_path / "X.npy", target=put(tmp_path, "z.npy", npy(values[:4])))


@pytest.mark.parametrize(
    "images, labels",
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("emnist-images-idx3-ubyte.gz", "emnist-labels-idx1-ubyte"),
    ],
)
def test_idx_labels_are_found_beside(tmp_path, images, labels):
    pictures = np.arange(6 * 9, dtype=np.uint8).reshape(6, 3, 3)

    def packed(name, data):
        return gzip.compress(data) if name.endswith(".gz") else data

    path = put(tmp_path, images, packed(images, idx(pictures)))
    with pytest.raises(DataError, match=r"without labels\. Looked for .*labels.*target='the labels file'"):
        read(path)
    beside = put(tmp_path, labels, packed(labels, idx(LABELS)))
    x, y = read(path)
    assert np.array_equal(x, pictures) and np.array_equal(y, LABELS)
    with pytest.raises(DataError, match="Give the images file"):
        read(beside)
    x, y = read(put(tmp_path, "pictures", idx(pictures)), target=beside)
    assert np.array_equal(x, pictures) and np.array_equal(y, LABELS)


def test_targets_that_are_no_labels(tmp_path):
    both = np.c_[LABELS, LABELS].astype(np.float64)
    assert read(put(tmp_path, "d.npz", npz(X=X, y=both)))[1].shape == (6, 2)
    gap = np.where(LABELS == 0, np.nan, 1.0)
    assert read(put(tmp_path, "e.npz", npz(X=X, y=gap)))[1].shape == (6, 1)
    with pytest.raises(DataError, match="too large for a label"):
        read(put(tmp_path, "f.npz", npz(X=X, y=np.full(6, 2**63, np.uint64))))
    assert read(put(tmp_path, "g.npz", npz(X=X[:, 0], y=LABELS)))[0].shape == (6, 1)
    with pytest.raises(DataError, match="one target for each row"):
        read(put(tmp_path, "h.npz", npz(X=X[:0], y=LABELS[:0])))


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d.csv", "d.TSV", "d.txt", "d.xlsx"])
def test_tables_are_refused_with_what_to_write(tmp_path, name):
    start = b"PK\x03\x04" if name == "d.xlsx" else b""
    with pytest.raises(DataError, match=r"which this version does not read.*numpy\.savez"):
        read(put(tmp_path, name, start + b"a,b,y\n1,2,0\n"))


def test_the_way_out_for_a_table_works(tmp_path):
    path = put(tmp_path, "d.csv", b"a,b,y\n1,2,0\n3,4,1\n")
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    np.savez(tmp_path / "data.npz", X=table[:, :-1], y=table[:, -1])
    x, y = read(tmp_path / "data.npz")
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]] and y.tolist() == [0, 1] and y.dtype == np.int64


def test_what_is_no_file(tmp_path):
    for reader in (read, read_npy, read_npz, read_idx):
        with pytest.raises(FileError, match="does not exist"):
            reader(tmp_path / "none.npz")
        with pytest.raises(FileError, match=r"not an ordinary file|cannot be read"):
            reader(tmp_path)
        with pytest.raises(FileError, match="zero byte"):
            reader("a\0b.npz")
        with pytest.raises(InputError, match="expected the name of a file"):
            reader(3)
        if hasattr(os, "mkfifo"):  # a pipe that nobody writes to must not hang us
            pipe = tmp_path / f"pipe-{reader.__name__}"
            os.mkfifo(pipe)
            with pytest.raises(FileError, match="not an ordinary file"):
                reader(pipe)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"PK", b"hello world, this is text", b"\x89PNG\r\n\x1a\n" + b"x" * 50, b"\x1f\x8b"]
)
def test_foreign_files(tmp_path, data):
    for reader in (read, read_npy, read_npz, read_idx):
        with pytest.raises(FileError, match="foreign"):
            reader(put(tmp_path, "foreign", data))


def test_objects_text_and_records_are_never_read(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    objects = npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"Python objects.*can run code.*numpy\.save"):
        read_npy(put(tmp_path, "o.npy", objects))
    with pytest.raises(DataError, match="Python objects"):
        read(put(tmp_path, "o.npz", npz(X=X, y=np.array([Bomb()] * 6, dtype=object))))
    assert not (tmp_path / "ran").exists()
    with pytest.raises(DataError, match=r"text.*numpy\.unique"):
        read_npy(put(tmp_path, "s.npy", npy(np.array(["a", "b"]))))
    with pytest.raises(DataError, match="named fields"):
        read_npy(put(tmp_path, "r.npy", npy(np.zeros(2, [("a", "f4"), ("b", "i4")]))))
    for array in (np.zeros(2, complex), np.zeros(2, "M8[s]")):
        with pytest.raises(DataError, match="expected numbers"):
            read_npy(put(tmp_path, "c.npy", npy(array)))


@pytest.mark.parametrize(
    "text",
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999999,), }",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }",
     "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), }",
     "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
     "{'descr': '<f4', 'shape': (1,), }",
     "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }",
     "{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').getpid(), }",
     "{'descr': (1,), 'fortran_order': '<f4', 'shape': True, }",
     "[" * 5000, "'\\d'", ""],
)  # fmt: skip
@pytest.mark.parametrize("version", [1, 2, 3, 9])
def test_npy_headers_that_lie(tmp_path, text, version):
    path = put(tmp_path, "lie.npy", header(text, version) + b"\0" * 4)
    assert peak(lambda: refused(read_npy, path, error=(FileError, DataError))) < 2_000_000


def test_a_header_that_claims_gigabytes_of_text(tmp_path):
    path = put(tmp_path, "long.npy", b"\x93NUMPY\x02\x00" + (2**32 - 1).to_bytes(4, "little") + b"{}")
    with pytest.raises(FileError, match="header claims"):
        read_npy(path)


def test_bombs(tmp_path):
    zeros = np.zeros((30_000, 1000), np.uint8)  # 30 MB that pack to 30 kB
    packed = put(tmp_path, "bomb.npz", npz(np.savez_compressed, X=zeros, y=zeros[:, 0]))
    ziped = put(tmp_path, "bomb.gz", gzip.compress(idx(zeros)))
    for path in (packed, ziped):
        assert path.stat().st_size < 60_000
        assert peak(lambda path=path: refused(read, path, max_bytes=1_000_000)) < 2_000_000
    with pytest.raises(FileError, match=r"max_bytes=\d+"):
        read_npz(packed, max_bytes=1_000_000)
    assert read_npz(packed, names=["y"], max_bytes=1_000_000)["y"].shape == (30_000,)
    assert read_npz(packed)["X"].shape == zeros.shape


def test_many_arrays_that_are_one_bomb_together(tmp_path):
    data = npz(np.savez_compressed, **{f"a{i}": np.zeros(100_000, np.uint8) for i in range(30)})
    path = put(tmp_path, "many.npz", data)
    assert peak(lambda: refused(read_npz, path, max_bytes=1_000_000)) < 2_000_000


def test_an_archive_that_declares_what_it_cannot_hold(tmp_path):
    lie = header("{'descr': '|u1', 'fortran_order': False, 'shape': (900000000,), }")
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", lie + b"\0" * 1000)
    data = memory.getvalue()
    real, claimed = (len(lie) + 1000).to_bytes(4, "little"), (len(lie) + 900_000_000).to_bytes(4, "little")
    assert data.count(real) == 2
    path = put(tmp_path, "lie.npz", data.replace(real, claimed))
    assert peak(lambda: refused(read_npz, path)) < 2_000_000


def test_ways_of_packing_that_numpy_does_not_use(tmp_path):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("X.npy", npy(X))
    with pytest.raises(FileError, match="does not use"):
        read_npz(put(tmp_path, "b.npz", memory.getvalue()))
    data = bytearray(npz(X=X, y=LABELS))
    at = data.rindex(b"y.npy")
    data[at : at + 5] = b"X.npy"
    with pytest.raises(FileError, match="twice"):
        read_npz(put(tmp_path, "t.npz", bytes(data)))


def test_bytes_behind_the_end_and_missing_ones(tmp_path):
    for reader, data in ((read_npy, npy(X)), (read_idx, idx(X))):
        for wrong in (data + b"\0", data[:-1], data[: len(data) // 2], data[:5]):
            with pytest.raises(FileError, match=r"wrong\.any"):
                reader(put(tmp_path, "wrong.any", wrong))
    for wrong in (idx(X) + b"\0", idx(X)[:-1]):
        with pytest.raises(FileError):
            read_idx(put(tmp_path, "wrong.gz", gzip.compress(wrong)))
    with pytest.raises(FileError, match="neither"):
        read_npy(put(tmp_path, "bool.npy", npy(np.zeros(3, bool))[:-1] + b"\x02"))


SEEDS = {
    "table.npy": npy(X),
    "plain.npz": npz(X=X, y=LABELS),
    "packed.npz": npz(np.savez_compressed, X=X, y=LABELS),
    "train-images-idx3-ubyte": idx(np.arange(54, dtype=np.uint8).reshape(6, 3, 3)),
    "train-images-idx3-ubyte.gz": gzip.compress(idx(np.arange(54, dtype=np.uint8).reshape(6, 3, 3))),
}


def mutated(data, rng):
    """One of: bytes changed, a stretch cut out, cut off, doubled, or set to the largest number."""
    data = bytearray(data)
    kind = rng.integers(5)
    at = int(rng.integers(len(data)))
    length = int(rng.integers(1, 9))
    if kind == 0:
        for place in rng.integers(len(data), size=length):
            data[place] = rng.integers(256)
    elif kind == 1:
        del data[at : at + length]
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at:at] = data[at : at + length]
    else:
        data[at : at + length] = b"\xff" * len(data[at : at + length])
    return bytes(data)


def try_mutations(tmp_path, name, count, seed):
    """Read `count` mutated files: an answer or pellucid's own error, and never much memory. How many were refused."""
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    rng, refused, path = np.random.default_rng(seed), 0, tmp_path / name

    def all_of_them():
        nonlocal refused
        for _ in range(count):
            path.write_bytes(mutated(SEEDS[name], rng))
            try:
                read(path)
            except (FileError, DataError) as error:
                refused += 1
                assert str(error).startswith(str(tmp_path)), error

    assert peak(all_of_them) < 4_000_000
    return refused


@pytest.mark.parametrize("name", SEEDS)
def test_mutated_files(tmp_path, name):
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    (tmp_path / name).write_bytes(SEEDS[name])
    assert len(read(tmp_path / name)[0]) == 6
    assert try_mutations(tmp_path, name, 500, seed=0) > 150


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_twenty_thousand_mutated_files(tmp_path, name):
    assert try_mutations(tmp_path, name, 4000, seed=1) > 1200


def test_every_reader_is_public():
    assert {"read", "read_npy", "read_npz", "read_idx", "make", "BY_NAME"} <= set(datasets.__all__)
