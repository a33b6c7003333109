"""TableEncoder and TableModel over pandas and polars frames: the same as over the columns in them."""

import numpy as np
import pytest

from pellucid.estimators import TableEncoder
from pellucid.tables.reading import read
from table_models import people, trained

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

COLUMNS = {
    "age": [31.0, None, 47.0, 52.0, 18.0, 33.0],
    "city": ["Bern", "Chur", None, "Bern", "Chur", "Bern"],
    "smoker": [True, False, True, True, False, False],
}


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_keeps_its_names(frame):
    data = frame(COLUMNS)
    encoder = TableEncoder(numbers="standard").fit(data)
    assert encoder.feature_names_in_.tolist() == list(COLUMNS)
    names = ["age", "age is missing", "city=Bern", "city=Chur", "city is missing", "smoker"]
    assert encoder.get_feature_names_out().tolist() == names
    X = encoder.transform(data)
    assert X.tobytes() == encoder.encoder_.transform(COLUMNS).tobytes()
    assert X[:, 5].tolist() == [1, -1, 1, 1, -1, -1] and X[2, 4] == 1


def test_set_output_gives_a_frame_with_names():
    data = pd.DataFrame(COLUMNS, index=list("abcdef"))
    out = TableEncoder().set_output(transform="pandas").fit_transform(data)
    assert out.columns.tolist()[0] == "age" and out.index.tolist() == list("abcdef") and not out.isna().any().any()
    out = TableEncoder().set_output(transform="polars").fit_transform(pl.DataFrame(COLUMNS))
    assert out.columns[-1] == "smoker"


def test_columns_in_another_order_are_refused_as_everywhere():
    encoder = TableEncoder().fit(pd.DataFrame(COLUMNS))
    with pytest.raises(ValueError, match="order"):
        encoder.transform(pd.DataFrame(COLUMNS)[["city", "age", "smoker"]])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_without_names_count_by_their_places(frame):
    named = frame(COLUMNS)
    rows = np.array(list(zip(*COLUMNS.values(), strict=True)), object)
    expected = TableEncoder().fit(named).transform(named)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(TableEncoder().fit(named).transform(rows), expected)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        np.testing.assert_array_equal(TableEncoder().fit(rows).transform(named), expected)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_network_of_a_file_takes_frames(frame):
    model = trained(people(), "pay", epochs=2)
    text = {name: values for name, values in people(8, seed=1).items() if name not in ("income", "pay")}
    typed = {
        **text, "age": [float(age) if age else None for age in text["age"]],
        "smoker": [word == "yes" for word in text["smoker"]], "joined": np.array(text["joined"], "datetime64[us]"),
    }  # fmt: skip
    expected = model.predict(text)
    assert model.predict(frame(text)).tobytes() == expected.tobytes()
    np.testing.assert_allclose(model.predict(frame(typed)), expected, rtol=1e-6)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_network_of_decimal_commas_takes_the_numbers_of_a_frame(frame, tmp_path):
    path = tmp_path / "comma.csv"
    path.write_text(
        "size;price\n" + "".join(f"{k / 4};{k}\n".replace(".", ",") for k in range(1, 41)), encoding="utf-8"
    )
    model = trained(read(path), "price", epochs=2)
    X = model.encoder.transform(frame({"size": [1.25, 7.5]}))
    assert X.tolist() == model.encoder.transform({"size": ["1,25", "7,5"]}).tolist()
