"""Time series: what is read from a file, how it is split and standardised, and which windows are cut from it."""

import csv
import datetime
import statistics

import numpy as np
import pandas as pd
import pytest
import torch

from seedwise.data import MissingDataError, load_series, read_series, series_from
from seedwise.errors import SeedwiseError, StorageError


@pytest.fixture
def write(tmp_path):
    """Return how to write a CSV of hours; a row that is None is left out."""

    def write(rows=200, change=None, columns=("a", "b"), start="2020-02-28T05"):
        times = np.datetime64(start, "h") + np.arange(rows)
        lines = [
            [str(time).replace("T", " ") + ":00", *(k * (j + 1.5) for j in range(len(columns)))]
            for k, time in enumerate(times)
        ]
        for line, value in (change or {}).items():
            lines[line - 2] = value(lines[line - 2])
        path = tmp_path / "power.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["date", *columns], *(line for line in lines if line)])
        return path

    return write


@pytest.fixture(scope="session")
def etth1():
    try:
        return load_series("etth1")
    except MissingDataError as error:
        pytest.skip(str(error))


def test_etth1_is_split_as_published(etth1):
    assert etth1.values.shape == (17420, 7)
    assert etth1.columns == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    counts = {
        (split, horizon): len(etth1.windows(split, 96, horizon))
        for split in ("train", "validation", "test")
        for horizon in (96, 720)
    }
    assert counts == {
        ("train", 96): 8449,
        ("validation", 96): 2785,
        ("test", 96): 2785,
        ("train", 720): 8640 - 96 - 720 + 1,
        ("validation", 720): 2880 - 720 + 1,
        ("test", 720): 2880 - 720 + 1,
    }


def test_etth1_holds_the_numbers_of_the_file(etth1):
    values = etth1.values.double().numpy() * etth1.scale + etth1.mean
    np.testing.assert_allclose(values[0, [0, 6]], [5.827, 30.531], atol=2e-5)
    assert str(etth1.times[0])[:13] == "2016-07-01T00"
    assert str(etth1.times[-1])[:13] == "2018-06-26T19"
    train = etth1.values[:8640].double().numpy()
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(0), 1, atol=1e-6)
    assert abs(etth1.values[8640:].double().numpy().mean(0)).max() > 0.1  # nothing else was standardised on


def test_the_windows_of_etth1_touch_and_stay_within_their_split(etth1):
    ends = {}
    for split in ("train", "validation", "test"):
        windows = etth1.windows(split, 96, 96)
        ends[split] = int(windows.starts[0]), int(windows.starts[-1]) + 192
    assert ends == {"train": (0, 8640), "validation": (8640 - 96, 11520), "test": (11520 - 96, 14400)}


def test_a_batch_is_what_slices_give(write):
    series = read_series(write())
    windows = series.windows("test", 5, 3)
    index = torch.tensor([7, 0, len(windows) - 1, 7])
    values, calendar, target = windows.gather(index)
    for row, number in enumerate(index.tolist()):
        first = 160 - 5 + number
        assert torch.equal(values[row], series.values[first : first + 5])
        assert torch.equal(target[row], series.values[first + 5 : first + 8])
        assert torch.equal(calendar[row], series.calendar[first : first + 8])
    assert torch.equal(windows.take(index).gather(torch.arange(4))[2], target)
    assert len(windows.take(index)) == 4


def test_windows_hold_row_numbers_and_no_copy(write):
    series = read_series(write())
    windows = series.windows("train", 96, 24)
    assert windows.series is series
    assert windows.starts.tolist() == list(range(140 - 96 - 24 + 1))


def test_only_the_target_is_scored_and_all_is_seen(write):
    series = read_series(write(columns=("a", "b", "c")), target=["c", "a"])
    assert series.target_columns == ("c", "a")
    values, _, target = series.windows("train", 4, 2).gather(torch.tensor([3]))
    assert values.shape == (1, 4, 3)
    assert torch.equal(target[0], series.values[7:9][:, [2, 0]])


def test_standardised_on_training_rows_only(write):
    series = read_series(write(rows=10, columns=("a",)), split=(0.5, 0.2, 0.3))
    train = [1.5 * k for k in range(5)]
    mean, sd = statistics.fmean(train), statistics.pstdev(train)
    expected = [(1.5 * k - mean) / sd for k in range(10)]
    np.testing.assert_allclose(series.values[:, 0], expected, rtol=1e-6)


def test_a_column_that_stands_still_in_training_is_only_centred(write):
    series = read_series(write(rows=10, change={k: lambda row: [row[0], 3.0, row[2]] for k in range(2, 12)}))
    assert series.values[:, 0].tolist() == [0.0] * 10
    assert series.scale[0] == 1


@pytest.mark.parametrize(("split", "rows"), [((0.7, 0.1, 0.2), (7, 1, 2)), ((0.6, 0.2, 0.2), (6, 2, 2))])
def test_the_shares_of_a_split(write, split, rows):
    series = read_series(write(rows=10), split=split)
    assert tuple(len(part) for part in series.splits.values()) == rows
    assert [row for part in series.splits.values() for row in part] == list(range(10))


@pytest.mark.parametrize("split", [(0.7, 0.3), (0.7, 0.2, 0.2), (0.8, 0.0, 0.2), (1.2, -0.4, 0.2)])
def test_shares_that_are_none(write, split):
    with pytest.raises(SeedwiseError, match=r"split .*add up to 1"):
        read_series(write(), split=split)


def features_of(time):
    """Return the published features of an hour, by the standard library's calendar."""
    day = time.timetuple()
    return [time.hour / 23 - 0.5, day.tm_wday / 6 - 0.5, (time.day - 1) / 30 - 0.5, (day.tm_yday - 1) / 365 - 0.5]


def test_the_calendar_of_hours(write):
    series = read_series(write(rows=60))  # over the 29th of February
    first = datetime.datetime(2020, 2, 28, 5)
    expected = [features_of(first + datetime.timedelta(hours=k)) for k in range(60)]
    np.testing.assert_allclose(series.calendar, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("times", "count"),
    [
        (np.arange("2020-01-01T00:00:00", "2020-01-01T00:30:00", 10, dtype="datetime64[s]"), 6),
        (np.arange("2020-01-01T00:00", "2020-01-03T00:00", 15, dtype="datetime64[m]"), 5),
        (np.arange("2020-01-01T00", "2020-03-01T00", 12, dtype="datetime64[h]"), 4),
        (np.arange("2020-01-01", "2020-06-01", dtype="datetime64[D]"), 3),
        (np.arange("2020-01-05", "2022-06-01", 7, dtype="datetime64[D]"), 2),
        (np.arange("1990-01", "2000-01", dtype="datetime64[M]"), 1),
        (np.arange("1990", "2020", dtype="datetime64[Y]"), 0),
    ],
    ids=["10 s", "15 min", "12 h", "day", "week", "month", "year"],
)
def test_calendar_features_are_those_that_vary(tmp_path, times, count):
    path = tmp_path / "x.csv"
    lines = [f"{np.datetime_as_string(time.astype('datetime64[s]'))},{k}" for k, time in enumerate(times)]
    path.write_text("\n".join(["when,x", *lines]))
    calendar = read_series(path).calendar
    assert calendar.shape == (len(times), count)
    if count:
        assert calendar.abs().max() <= 0.5
        assert (calendar[:, 0].diff() != 0).float().mean() > 0.5


def line(value):
    return lambda row: value


MISTAKES = {
    "gap": (
        {50: line(None)},
        r"line 50: 2020-03-01 06:00:00 follows 2020-03-01 04:00:00, while most rows are 0 days 01:00",
    ),
    "unsorted": ({10: line(["2020-02-27 05:00", 1, 2])}, r"line 10: 2020-02-27 05:00:00 comes before.*sort the rows"),
    "repeated": ({10: line(["2020-02-28 12:00", 1, 2])}, r"line 10: 2020-02-28 12:00:00 is there twice"),
    "no value": ({30: lambda row: [row[0], "", 2]}, r"line 30: column a is missing"),
    "nan": ({30: lambda row: [row[0], 1, "NaN"]}, r"line 30: column b is missing"),
    "infinite": ({31: lambda row: [row[0], "inf", 2]}, r"line 31: column a is infinite"),
    "text": ({32: lambda row: [row[0], 1, "off"]}, r"line 32: column b holds text \('off'\)"),
    "no time": ({33: lambda row: ["soon", 1, 2]}, r"line 33: date 'soon' is no time"),
    "time missing": ({34: lambda row: ["", 1, 2]}, r"line 34: date is missing"),
    "too long a row": ({35: lambda row: [*row, 1, 2]}, r"is no CSV"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_file_is_a_line_that_says_where(write, mistake):
    change, message = MISTAKES[mistake]
    path = write(change=change)
    with pytest.raises(SeedwiseError, match=message) as error:
        read_series(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_an_unknown_target_and_time(write):
    with pytest.raises(SeedwiseError, match=r"power.csv has no column 'OT': its columns are a, b"):
        read_series(write(), target=["OT"])
    with pytest.raises(SeedwiseError, match=r"power.csv has no column 'day': its columns are date, a, b"):
        read_series(write(), time="day")


def test_no_time_column_no_other_column_no_rows_no_file(tmp_path):
    path = tmp_path / "x.csv"
    for text, message in (
        ("a,b\n1,2\n3,4\n", "no time column among a, b"),
        ("room,a\nkitchen,2\nbath,3\n", "no time column among room, a"),
        ("date\n2020-01-01\n2020-01-02\n", "no column but the times in 'date'"),
        ("date,a\n2020-01-01,1\n", "has 1 rows"),
        ("", "is no CSV"),
    ):
        path.write_text(text)
        with pytest.raises(SeedwiseError, match=message):
            read_series(path)
    path.write_bytes(b"date,a\n\xff\xfe,1\n")
    with pytest.raises(SeedwiseError, match="is no CSV"):
        read_series(path)
    with pytest.raises(SeedwiseError, match=r"no file .*missing.csv"):
        read_series(tmp_path / "missing.csv")
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(SeedwiseError, match="line 2: a '1' is no time"):
        read_series(path, time="a")


def days(**columns):
    return pd.DataFrame(columns, index=pd.date_range("2024-01-01", periods=20))


VALUES = np.arange(20.0)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (days(date=VALUES).rename_axis("date"), "power has a column 'date' next to the index of that name: drop one"),
        (days(a=VALUES, b=VALUES).set_axis(["a", "a"], axis=1), "power has more than one column 'a': rename or drop"),
        (days(a=VALUES, b=VALUES).set_axis([1, "1"], axis=1), "power has more than one column '1'"),
        (days(a=VALUES).assign(at=lambda f: f.index), "power: column at holds times: drop it"),
        (days(), "power has no column but the times in 'time'"),
        (days(a=VALUES)[:1], "power has 1 rows"),
    ],
)
def test_a_mistake_in_a_data_frame_is_one_line(frame, message):
    with pytest.raises(SeedwiseError, match=message) as error:
        series_from(frame, "power")
    assert "\n" not in str(error.value)


def test_columns_may_have_any_labels():
    frame = days(a=VALUES, b=2 * VALUES).set_axis([0, ("b", 1)], axis=1)
    assert series_from(frame, "power").columns == ("0", "('b', 1)")
    numbered = days(a=VALUES).reset_index().astype({"index": str}).set_axis([0, 1], axis=1)
    assert series_from(numbered, "power").columns == ("1",)


def test_too_few_rows(write):
    series = read_series(write(rows=100))
    assert len(series.windows("test", 10, 20)) == 1
    with pytest.raises(SeedwiseError, match=r"power.csv has too few rows: 20 for test hold no window of 10 \+ 21 rows"):
        series.windows("test", 10, 21)
    with pytest.raises(SeedwiseError, match=r"70 for train hold no window of 50 \+ 21 rows"):
        series.windows("train", 50, 21)
    with pytest.raises(SeedwiseError, match="too few rows: 10 for validation"):
        series.windows("validation", 5, 11)
    with pytest.raises(SeedwiseError, match="must be at least 1"):
        series.windows("test", 0, 3)
    with pytest.raises(SeedwiseError, match="leave none for training"):
        read_series(write(rows=2), split=(0.3, 0.4, 0.3))


def test_the_time_column_is_found_or_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,stamp,b\n1,2020-01-01 00:00+01:00,2\n3,2020-01-01 01:00+01:00,4\n")
    series = read_series(path)
    assert series.columns == ("a", "b")
    assert str(series.times[0])[:16] == "2020-01-01T00:00"  # as written, local


def test_months_are_evenly_spaced(tmp_path):
    path = tmp_path / "x.csv"
    months = np.arange("2020-01", "2021-06", dtype="datetime64[M]").astype("datetime64[D]")
    for first_or_last in (months, months[1:] - 1):
        path.write_text("\n".join(["month,x", *(f"{day},1" for day in first_or_last)]))
        expected = [k / 11 - 0.5 for k in range(12)] + [-0.5]
        assert read_series(path).calendar[:13, 0].tolist() == pytest.approx(expected, abs=1e-7)
    path.write_text("\n".join(["month,x", *(f"{month},1" for month in np.delete(months, 5))]))
    with pytest.raises(
        SeedwiseError, match=r"line 7: 2020-07-01 00:00:00 follows 2020-05-01 .* most rows are 1 months apart"
    ):
        read_series(path)


def test_etth1_that_is_not_as_published(tmp_path, monkeypatch, write):
    monkeypatch.setenv("SEEDWISE_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match=r"etth1 is not in .*no ETT-small/ETTh1.csv.*seedwise data fetch etth1"):
        load_series("etth1")
    write().rename(tmp_path / "ETTh1.csv")  # beside the folder is where it may lie too
    with pytest.raises(StorageError, match=r"ETTh1.csv is damaged or not of etth1: its sha256 is"):
        load_series("etth1")
