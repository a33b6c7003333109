"""Text files as tables: every trap on the way to the rows, and what is said where there is no way."""

import csv
import gzip
import hashlib
import io
import os
import random
import re
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

from pellucid.errors import DataError, FileError, InputError
from pellucid.tables import Table, read

PEOPLE = "name,age,city\nAnna,31,Bern\nBeat,47,Basel\n"


@pytest.fixture
def put(tmp_path):
    """Writes a file and gives its path."""

    def write(content, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def rows(table, **options):
    """[(line, {name: value})] of a whole table."""
    found = []
    for chunk in table.chunks(**options):
        assert chunk.first == len(found)
        columns = [values if isinstance(values, list) else values.tolist() for values in chunk.columns.values()]
        found += list(zip(chunk.lines.tolist(), (list(row) for row in zip(*columns, strict=True)), strict=True))
    return found


def values(table):
    return [row for _, row in rows(table)]


def test_rows_names_and_digest(put):
    path = put(PEOPLE)
    table = read(path)
    assert table.names == ["name", "age", "city"]
    assert rows(table) == [(2, ["Anna", "31", "Bern"]), (3, ["Beat", "47", "Basel"])]
    assert table.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (table.notices, table.decimal, table.origin, len(table)) == ([], ".", str(path), 2)
    assert read(str(path)).names == table.names
    assert read(table) is table


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found(put, separator):
    text = f'id,text,x\n1,"a{separator}b",2\n2,"c;,|\td",3\n'.replace(",", separator).replace(f"c;{separator}", "c;,")
    table = read(put(text))
    assert values(table) == [["1", f"a{separator}b", "2"], ["2", "c;,|\td", "3"]]
    assert bool(table.notices) == (separator != ",")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1,5;2,5\n3;4,25\n", [["1,5", "2,5"], ["3", "4,25"]]),
        ("a\tb\n1,5\t2,5\n", [["1,5", "2,5"]]),
        ("id,tags\n1,a;b\n2,c;d\n", [["1", "a;b"], ["2", "c;d"]]),
        ("name;town, country\nAnna;Bern, CH\n", [["Anna", "Bern, CH"]]),
        ("text\nwell, yes\nno\nwhy, oh, why\nso\n", [["well, yes"], ["no"], ["why, oh, why"], ["so"]]),
        ('text\n"well, yes"\n"no, no"\n', [["well, yes"], ["no, no"]]),
    ],
)
def test_a_separator_is_not_a_comma_in_a_number_or_a_sentence(put, text, expected):
    assert values(read(put(text))) == expected


def test_excels_line_that_names_the_separator(put):
    assert rows(read(put("sep=;\r\na;b\r\n1;x,y\r\n"))) == [(3, ["1", "x,y"])]


def test_a_separator_can_be_said(put):
    path = put("a b  c\n1  2 3\n")
    assert values(read(path, separator=" ")) == values(read(path, separator="space")) == [["1", "2", "3"]]
    assert values(read(put("a,b\n1,2\n"), separator=";")) == [["1,2"]]
    assert read(put("a\tb\n1\t2\n"), separator="tab").names == read(put("a\tb\n1\t2\n"), separator="\\t").names
    for wrong in ("", ",,", '"', "\n", "x", 3):
        with pytest.raises(InputError, match="separator="):
            read(path, separator=wrong)


def test_numbers_between_spaces_are_no_single_column(put):
    with pytest.raises(DataError, match=r"separator=' '"):
        read(put("x y\n1.0 2.0\n3.0   4.0\n"))
    assert values(read(put("city\nNew York\nLa Paz\n"))) == [["New York"], ["La Paz"]]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("a;b\n1,5;x\n", ","), ("a\tb\n1,5\tx\n", ","), ('a,b\n"1,5",x\n', ","), ("a;b\n1.5;x\n", "."),
        ("a;b\n1.234,5;x\n", ","), ('a,b\n"1,234.5",x\n', "."), ('a,b\n"1,234",x\n', "."), ("a;b\n1,234;x\n", ","),
        ("a;b\n1.234.567;x\n", ","), ("a;b\n0,125;x\n", ","), ("a,b\n1,x\n", "."), ("a;b\n1,234;1.5\n", "."),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_found(put, text, sign):
    table = read(put(text))
    assert table.decimal == sign
    assert any("decimal comma" in notice for notice in table.notices) == (sign == ",")
    assert read(put(text), decimal=".").decimal == "."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le-marked"])
def test_unicode_needs_no_word(put, encoding):
    text = "Größe,Wert\nklein,½\ngroß,😀\n"
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-marked" else text.encode(encoding)
    table = read(put(data))
    assert (table.names, values(table), table.notices) == (["Größe", "Wert"], [["klein", "½"], ["groß", "😀"]], [])


def test_windows_letters_are_read_with_a_notice(put):
    text = "a,b\n1,plain\n2,Zürich – 5 €\n"
    table = read(put(text, encoding="cp1252"))
    assert values(table)[1] == ["2", "Zürich – 5 €"]
    assert "Line 3 is not UTF-8 (byte 0xFC)" in table.notices[0] and "encoding=..." in table.notices[0]
    assert read(put(text, encoding="cp1252"), encoding="cp1252").notices == []


def test_letters_that_fit_no_encoding_name_their_line(put):
    with pytest.raises(DataError, match=r"line 3: the byte 0x81 .*cp1252.*encoding="):
        read(put(b"a,b\n1,2\n\x81,3\n"))
    with pytest.raises(DataError, match=r"line 4: the byte 0xE9 .*utf-8, though other letters before it are"):
        read(put("a,b\n1,é\n2,ü\n".encode() + b"3,\xe9\n"))
    with pytest.raises(DataError, match=r"line 2: the byte"):
        read(put("a,b\n1,é\n", encoding="cp1252"), encoding="utf-8")


def test_the_line_of_a_bad_byte_is_right_far_into_a_file_of_any_line_ends(put):
    for end in (b"\n", b"\r\n", b"\r"):
        data = end.join([b"a,b", *[b"%d,xxxxxxxxxxxxxxxxxxxx" % n for n in range(60_000)], b"\x81,1", b"2,2"])
        with pytest.raises(DataError, match="line 60002"):
            read(put(data))


def test_an_encoding_can_be_wrong(put):
    path = put(PEOPLE)
    for wrong in ("utf-9", "hex", "", "a\0b"):
        with pytest.raises(InputError, match=r"encoding=.*Usual ones"):
            read(path, encoding=wrong)
    with pytest.raises(DataError, match="encoding='utf-16-le'"):
        read(put("name,b\n1,2\n" * 50, encoding="utf-16-le"))
    with pytest.raises(DataError, match="encoding='utf-16-be'"):
        read(put("name,b\n1,2\n" * 50, encoding="utf-16-be"))
    assert values(read(put(PEOPLE, encoding="utf-16-le"), encoding="utf-16-le"))[0][0] == "Anna"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(put, end):
    text = 'a,b\n1,"x\ny"\n\n2,z\n\n\n'.replace("\n", end)
    assert rows(read(put(text))) == [(2, ["1", "x\ny"]), (5, ["2", "z"])]
    assert values(read(put(text.rstrip(end)))) == [["1", "x\ny"], ["2", "z"]]


def test_lines_are_those_of_the_file_across_pieces_and_chunks(put):
    rng = random.Random(5)
    text, expected, line = ["a,b\n"], [], 2
    for n in range(30_000):
        height = rng.choice([1, 1, 1, 2, 3])
        expected.append((line, [str(n), "\n".join("x" * rng.randint(1, 30) for _ in range(height))]))
        blanks = rng.choice([0, 0, 0, 0, 1])
        text.append(f'{n},"{expected[-1][1][1]}"\n' + "\n" * blanks)
        line += height + blanks
    path = put("".join(text))
    table = read(path)
    assert rows(table) == expected
    assert rows(table, rows=777) == expected
    assert len(table) == 30_000 == len(read(path))
    lines = path.read_text().split("\n")
    assert all(lines[line - 1].startswith(f"{row[0]},") for line, row in expected)


def test_fields_that_only_str_splitlines_would_cut(put):
    text = "a,b\nx\x0cy,1\nx\x1cy,2\nx\u2028y,3\nx\x85y,4\n"
    assert rows(read(put(text))) == [(n + 1, [text.split("\n")[n][:3], str(n)]) for n in range(1, 5)]


def test_a_blank_line_of_a_single_column_is_a_missing_value(put):
    assert rows(read(put("a\n1\n\n\n2\n\n"))) == [(2, ["1"]), (3, [""]), (4, [""]), (5, ["2"])]
    assert rows(read(put('a\n1\n""\n'))) == [(2, ["1"]), (3, [""])]
    many = "a\n" + "1\n\n" * 3000 + "2\n"
    assert [row for _, row in rows(read(put(many)), rows=100)] == [["1"], [""]] * 3000 + [["2"]]
    assert max(map(len, read(put(many)).chunks(7))) == 7


def test_blank_lines_of_several_columns_are_no_rows(put):
    assert rows(read(put("\n\na,b\n\n1,2\n  \n3,4\n\x1a"))) == [(5, ["1", "2"]), (7, ["3", "4"])]
    assert values(read(put("a,b\n,\n1,2\n"))) == [["", ""], ["1", "2"]]


def test_a_separator_that_ends_every_line(put):
    table = read(put("a,b,\n1,2,\n3,4,\n5,6\n"))
    assert (table.names, values(table)) == (["a", "b"], [["1", "2"], ["3", "4"], ["5", "6"]])
    assert "ends with a separator" in table.notices[0]
    assert values(read(put("a;b\n1;2;\n3;4;\n"))) == [["1", "2"], ["3", "4"]]
    assert values(read(put("a,\n1,\n2,\n"))) == [["1"], ["2"]]
    assert values(read(put("a,b\n1,\n2,\n"))) == [["1", ""], ["2", ""]]  # a column that has a name is one
    assert read(put("a,b,\n1,2,\n3,4,5\n")).names == ["a", "b", "column 3"]
    with pytest.raises(DataError, match="line 2002 has 3 fields; line 1 has 2 columns"):
        len(read(put("a,b,\n" + "1,2,\n" * 2000 + "5,6,7\n")))


def test_a_space_after_every_separator(put):
    assert values(read(put('a, b, c\n1, "x, y", 3\n2, , 4\n'))) == [["1", "x, y", "3"], ["2", "", "4"]]
    assert values(read(put("a,b\n1, x\n2,y\n"))) == [["1", " x"], ["2", "y"]]


def test_a_ragged_line_is_shown(put):
    for text, line, fields, shown in (
        ("a,b\n1,2\n3,4,5\n", 3, "3 fields", "3,4,5"),
        ("a,b,c\n1,2,3\n4,5\n", 3, "2 fields", "4,5"),
        ('a,b\n"x\ny",2\n\n7\n', 5, "1 field", "7"),
        ("a,b\r1,2\r3,4,5\r", 3, "3 fields", "3,4,5"),
    ):
        with pytest.raises(DataError) as error:
            len(read(put(text)))
        said = str(error.value)
        assert f"line {line} has {fields}; line 1 has" in said and repr(shown) in said, said
        assert "Mend the line" in said and "separator=..." in said
    for text, line in (
        ("# made today\na,b\n1,2\n3,4\n", 2),
        ('a,b\n"1",2,3\n"2",3,4\n', 2),
        ("a,b,c,d\n1,2\n3,4\n", 2),
    ):
        with pytest.raises(DataError, match=f"line {line} has .* Most lines have as many: mend line 1 "):
            read(put(text))
    with pytest.raises(DataError) as error:
        len(read(put("a,b\n" + "1,2\n" * 70_000 + "x" * 500 + "\n")))
    assert "line 70002" in str(error.value) and len(str(error.value)) < 500


def test_quotes(put):
    assert values(read(put('a,b\n"say ""hi""",5" pipe\n'))) == [['say "hi"', '5" pipe']]
    for text, line, advice in (
        ('a,b\n1,2\n"x,3\n4,5\n', 3, "Close its quote"),
        ('a,b\n1,2\n"5" pipe,3\n', 3, "write each quote twice"),
        ('a,b\n1,2\n"x\ny",1\n"z\\"w",3\n', 5, "write each quote twice"),
        ('a,"b\n1,2\n', 1, "Close its quote"),
        ('a,b\n1,2\n"' + "x,3\n" * 1_100_000, 3, "Close its quote"),
    ):
        with pytest.raises(DataError) as error:
            len(read(put(text)))
        assert f"line {line}: " in str(error.value) and advice in str(error.value), str(error.value)[:300]


def test_long_fields_are_read_and_pythons_limit_stays(put):
    before = csv.field_size_limit()
    long = "x" * 300_000
    path = put(f'a,b\n1,"{long}"\n2,y\n')
    failed = []

    def several():
        try:
            for _ in range(3):
                assert values(read(path)) == [["1", long], ["2", "y"]]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=several) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and csv.field_size_limit() == before


def test_a_line_without_end(put):
    with pytest.raises(DataError, match="line 2 is longer than"):
        read(put("a,b\n" + "1," * 3_000_000))


def test_names_are_made_where_they_lack(put):
    table = read(put(",a,a,a (2), b  c ,\n1,2,3,4,5,6\n"))
    assert table.names == ["column 1", "a", "a (3)", "a (2)", "b c", "column 6"]
    assert len(table.notices) == 3 and "its name was there before" in table.notices[1]
    many = read(put(",".join(["x"] * 50) + "\n" + ",".join("1" * 50) + "\n"))
    assert len(set(many.names)) == 50 and len(many.notices) == 6


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("1,2.5\n3,4\n", False), ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False), ("1\n2\n", False), ("1,NA,2\n3,4,5\n", False),
        ("-1;1,5\n2;2,5\n", False), ("0,1,2\n1,1,1\n", True), (",0,1\n0,5,6\n", True), ("country,2019,2020\nCH,1,2\n", True),
        ("a,b\n1,2\n", True), ("label,1x1\n5,0\n", True), ("name,city\nAnna,Bern\n", True), ("2019,2020\n", True),
    ],
)  # fmt: skip
def test_a_first_line_of_numbers_is_data(put, text, header):
    if text.count("\n") == 1:
        with pytest.raises(DataError, match="no rows"):
            read(put(text))
        return
    table = read(put(text))
    count = text.count("\n")
    assert len(table) == count - header
    assert any("header=True" in notice for notice in table.notices) != header
    assert len(read(put(text), header=True)) == count - 1
    said = read(put(text), header=False)
    assert len(said) == count and said.names[0] == "column 1" and not any("header" in n for n in said.notices)


def test_files_without_rows(put):
    for content, words in ((b"", "is empty"), (b"\n\n", "blank lines alone"), (b"a,b\n", "no rows"), (b"a\n\n\n", "no rows"),
                           (b"\xef\xbb\xbf", "is empty"),
                           (gzip.compress(b""), "is empty"), (b"sep=;\n", "is empty")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            read(put(content))


def archive(*names):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return memory.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive("[Content_Types].xml", "xl/workbook.xml"), "spreadsheet.*Save as"), (archive("a.csv"), "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old Excel"), (b"PAR1" + bytes(99), "Parquet.*read_parquet"),
        (b"SQLite format 3\0" + bytes(99), "SQLite"), (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "gzip twice"),
        (b"<!DOCTYPE html><html>", "web page"), (bytes(range(256)) * 4, "no text"), (b"a,b\n1,2\0\n", "line 2 holds a zero byte"),
        (b"a,b\n" + b"1,2\n" * 5000 + b"\0", "line 5002 holds a zero byte"), (b"x" * 257 + b"ustar", "tar archive"),
        (b"%PDF-1.7", "PDF"),
        (b'[{"a": 1}]', "is JSON"), (gzip.compress(b"a,b\n1,2\n")[:-6], "gzip packing is damaged"), (b"BZh91AY", "bzip2"),
        (gzip.compress(PEOPLE.encode())[:12] + b"\xff" * 20, "gzip packing is damaged"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_text_is_refused(put, content, words):
    with pytest.raises((FileError, DataError), match=f"(?s){words}"):
        len(read(put(content)))


def test_no_file(tmp_path):
    with pytest.raises(FileError, match="is a folder; give one file in it"):
        read(tmp_path)
    with pytest.raises(FileError, match="does not exist"):
        read(tmp_path / "none.csv")
    with pytest.raises(FileError, match="zero byte"):
        read("a\0b")
    with pytest.raises(InputError, match="no path"):
        read(PEOPLE)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileError, match="not an ordinary file"):
            read(tmp_path / "pipe")


def test_gzip_is_known_by_its_content(put):
    data = gzip.compress(PEOPLE.encode()) + gzip.compress(b"Carl,5,Chur\n")
    table = read(put(data, "table.csv"))
    assert values(table)[-1] == ["Carl", "5", "Chur"] and len(table) == 3
    assert table.digest == hashlib.sha256(data).hexdigest()
    assert values(read(put(PEOPLE, "table.csv.gz")))[0][0] == "Anna"  # its name alone packs nothing


def test_bombs_take_no_memory(put):
    bombs = {
        "one line": (gzip.compress(b"a,b\n" + b"1," * 3_000_000, 1), DataError),
        "one field": (gzip.compress(b'a,b\n1,"' + (b"x" * 99 + b"\n") * 60_000, 1), DataError),
        "blank lines": (gzip.compress(b"a\n" + b"\n" * 300_000 + b"1\n", 1), DataError),
        "zeros": (gzip.compress(bytes(1 << 25), 1), FileError),
        "rows": (gzip.compress(b"a,b\n" + (b"1," + b"x" * 297 + b"\n") * 300_000, 1), None),
    }
    for name, (data, error) in bombs.items():
        path = put(data, "bomb.csv")
        tracemalloc.start()
        try:
            if error is None:
                next(read(path).chunks())
            else:
                with pytest.raises(error):
                    next(read(path).chunks())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 48 << 20, f"{name}: {peak:,} bytes"


def test_memory_is_that_of_a_chunk_not_of_the_file(put):
    path = put("a,b,c\n" + "1234567,abcdefghij,klmnopqrst\n" * 60_000)
    table = read(path)
    peaks = []
    for count in (1000, 60_000):
        tracemalloc.start()
        assert sum(len(chunk) for chunk in table.chunks(count)) == 60_000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < 12 << 20 and peaks[1] > 18 << 20, peaks


def test_wide_tables_have_shorter_chunks(put):
    names = [f"c{n}" for n in range(3000)]
    text = ",".join(names) + "\n" + (",".join("7" * 3000) + "\n") * 1100
    table = read(put(text))
    assert table.names == names
    assert [len(chunk) for chunk in table.chunks()] == [500, 500, 100]
    header_alone = read(
        put(",".join(f"a long name of a column {n}" for n in range(20_000)) + "\n" + ",".join("7" * 20_000))
    )
    assert len(header_alone.names) == 20_000 and len(header_alone) == 1


def test_long_texts_have_shorter_chunks(put):
    text = "a,b\n" + ("x" * 500_000 + ",1\n") * 160
    sizes = [len(chunk) for chunk in read(put(gzip.compress(text.encode()))).chunks()]
    assert sum(sizes) == 160 and len(sizes) == 2


def test_chunks_can_be_gone_through_again_and_at_once(put):
    table = read(put(PEOPLE))
    one, two = table.chunks(1), table.chunks(1)
    assert next(one).columns == next(two).columns
    assert next(one).columns["name"] == ["Beat"]
    for wrong in (0, -1, 1.5, True, "3"):
        with pytest.raises(InputError, match="rows="):
            next(table.chunks(wrong))


def test_a_file_that_changes_between_two_passes(put):
    path = put(PEOPLE)
    table = read(path)
    path.write_text(PEOPLE + "Carl,5,Chur\n")
    with pytest.raises(FileError, match="was changed"):
        len(table)


def test_take(put):
    table = read(put("a,b\n" + "".join(f"{n},x{n}\n" for n in range(1000))))
    part = table.take([7, 999, 7, 0])
    assert rows(part) == [(9, ["7", "x7"]), (1001, ["999", "x999"]), (9, ["7", "x7"]), (2, ["0", "x0"])]
    assert (part.names, part.digest, len(part)) == (table.names, table.digest, 4)
    assert len(table.take([])) == 0
    assert values(part.take(np.array([1]))) == [["999", "x999"]]
    for wrong in ([1000], [-1], [5, 2000]):
        with pytest.raises(InputError, match=f"no row {max(wrong)}: rows go from 0 to 999"):
            table.take(wrong)


def test_what_pellucid_data_prints_is_a_table(tmp_path):
    path = tmp_path / "moons.csv"
    command = [sys.executable, "-m", "pellucid", "data", "moons", "-n", "50", "--seed", "3"]
    path.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    from pellucid import datasets

    X, y = datasets.make("moons", 50, 3)
    table = read(path)
    assert (table.names, table.notices) == (["x1", "x2", "y"], [])
    read_back = np.array(values(table), float)
    np.testing.assert_array_equal(read_back[:, :2].astype(X.dtype), X)
    np.testing.assert_array_equal(read_back[:, 2], y)


def test_columns_records_and_arrays():
    table = read({"age": [31, None, 2.5], "city": ["Bern", None, "Chur"], "in": [True, False, True]})
    (chunk,) = table.chunks()
    np.testing.assert_array_equal(chunk.columns["age"], [31, np.nan, 2.5])
    assert chunk.columns["city"] == ["Bern", None, "Chur"] and chunk.columns["in"].dtype == bool and chunk.lines is None
    (chunk,) = read([{"a": 1, "b": "x"}, {"b": "y", "c": 2**60}]).chunks()
    assert list(chunk.columns) == ["a", "b", "c"] and chunk.columns["c"] == [None, str(2**60)]
    np.testing.assert_array_equal(chunk.columns["a"], [1, np.nan])
    made = np.array([(1, 2.5, "x", "2020-01-02")], [("i", "u1"), ("f", "f4"), ("s", "U3"), ("d", "M8[D]")])
    (chunk,) = read(made).chunks()
    assert [v if isinstance(v, list) else (v.dtype.str, v.tolist()) for v in chunk.columns.values()] == [
        ("<f8", [1.0]), ("<f8", [2.5]), ["x"], ("<M8[us]", np.array(["2020-01-02"], "M8[us]").tolist()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, 2, "unknown"], ["1", "2", "unknown"]), ([True, None], ["True", None]), (["a", float("nan")], ["a", None]),
        ([2**53 + 1, 1], [str(2**53 + 1), "1"]), (np.array([2**63], "u8"), [str(2**63)]), ([b"a", "b"], ["a", "b"]),
        (np.array(["x", None], object), ["x", None]), ([np.str_("x")], ["x"]),
    ],
)  # fmt: skip
def test_columns_that_are_text(given, expected):
    (chunk,) = read({"a": given}).chunks()
    assert chunk.columns["a"] == expected and all(type(v) in (str, type(None)) for v in chunk.columns["a"])


def test_columns_that_cannot_be():
    for given, words in (
        ({}, "without columns"), ({"a": []}, "no rows"), ({"a": [1], "b": [1, 2]}, "'b' has 2 values and 'a' has 1"),
        ({"a": [[1], [2]]}, "'a' holds a list in row 0"), ({"a": "text"}, "'a' is a str"), ({"a": 3}, "'a' is a int"),
        ({"a": np.zeros((2, 2))}, "shape"), ({"a": [1j]}, "complex"), ({1: [1], "1": [2]}, "two columns are called '1'"),
        ([{"a": 1}, 3], "item 1 of the list is a int"), ([], "no rows"), (np.zeros((3, 2)), "no column names"),
        (3, "a int is no table"), (None, "is no table"), ({"a": {1, 2}}, "'a' is a set"), ({"a": np.array([1j])}, "complex128"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            read(given)
    with pytest.raises(InputError, match="separator=';' is for text files"):
        read({"a": [1]}, separator=";")
    masked = read({"a": np.ma.array([1, 2], mask=[False, True])})
    np.testing.assert_array_equal(next(masked.chunks()).columns["a"], [1, np.nan])
    assert len(Table({"a": ["x"], "b": np.zeros(1)})) == 1


def mutated(rng):
    """The bytes of a table, damaged in a few places."""
    separator, end = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"])
    cells = ["1", "2.5", "1,5", "abc", "", "NA", '"q"', '"a,b"', '"x\ny"', "Zürich", "2020-01-02", '"say ""hi"""', " 7"]
    width = rng.randint(1, 6)
    lines = [separator.join(f"name{n}" for n in range(width))]
    lines += [separator.join(rng.choice(cells) for _ in range(width)) for _ in range(rng.randint(0, 40))]
    data = bytearray(
        (end.join(lines) + end * rng.randint(0, 3)).encode(
            rng.choice(["utf-8"] * 3 + ["cp1252", "utf-16", "utf-8-sig"])
        )
    )
    for _ in range(rng.choice([0, 1, 1, 2, 5, 30])):
        at = rng.randrange(len(data)) if data else 0
        what = rng.randrange(6)
        if what == 0 and data:
            data[at] = rng.randrange(256)
        elif what == 1:
            data[at:at] = rng.choice(
                [b'"', b",", b";", b"\n", b"\r", b"\0", b"\t", b"\xff", b"\x1f", b"|", b"\\", b"'", b"\xe2\x80\xa8"]
            )
        elif what == 2:
            del data[at : at + rng.randint(1, 20)]
        elif what == 3:
            data[at:at] = data[at : at + rng.randint(1, 200)]
        elif what == 4:
            del data[at:]
        else:
            other = rng.randrange(len(data)) if data else 0
            data[at:at] = data[other : other + rng.randint(1, 60)]
    if rng.random() < 0.1:
        packed = bytearray(gzip.compress(bytes(data)))
        if rng.random() < 0.7:
            packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
        data = packed
    return bytes(data)


def survive(path, seed):
    """Reads a damaged file; "read", or what the error says of it."""
    data = mutated(random.Random(seed))
    path.write_bytes(data)
    try:
        table = read(path)
        count = 0
        for chunk in table.chunks(7):
            assert list(chunk.columns) == table.names and len(chunk.lines) == len(chunk) <= 7
            assert all(len(v) == len(chunk) and all(type(t) is str for t in v) for v in chunk.columns.values())
            assert (np.diff(chunk.lines) > 0).all()
            count += len(chunk)
        assert count == len(table) == len(read(path)) > 0
        assert len(set(table.names)) == len(table.names) and all(table.names)
        return "read"
    except (DataError, FileError) as error:
        said = str(error)
        whole = (
            "is empty",
            "blank lines alone",
            "no rows",
            "gzip",
            "utf-16",
            "UTF-16",
            "separated by spaces",
            "utf-32",
        )
        named = re.search(r", line (\d+)[ :]", said)
        assert named or any(words in said for words in whole) or "no text" in said or "no table" in said, (seed, said)
        assert str(path) in said and len(said) < 700
        if named and data[:2] != b"\x1f\x8b":
            ends = len(re.findall(rb"\r\n|\r|\n|\r\0\n\0", data))
            assert 1 <= int(named[1]) <= ends + 1, (seed, said)
        return "refused"


def test_damaged_files_are_read_or_refused_by_line(tmp_path):
    found = [survive(tmp_path / "table.csv", seed) for seed in range(300)]
    assert min(found.count("read"), found.count("refused")) > 60


@pytest.mark.slow
def test_ten_thousand_damaged_files(tmp_path):
    found = [survive(tmp_path / "table.csv", seed) for seed in range(1000, 11_000)]
    assert min(found.count("read"), found.count("refused")) > 2000
