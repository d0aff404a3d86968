"""CSV files as spreadsheets and pandas write them; what is none is told so."""

import pytest

from course.errors import CourseError
from course.upgrade.reading import read_results

LINES = "item,model,correct,cost_usd\n001,small,TRUE,0.25\n"
EXPECTED = [["001", "small", "TRUE", "0.25"]]


@pytest.mark.parametrize(
    "data",
    [
        LINES.encode(),
        LINES.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.encode("utf-16"),
        LINES.replace(",", ";").encode(),
        LINES.replace(",", ";").replace("0.25", "0,25").encode(),
        LINES.replace(",", "\t").encode(),
        b"sep=;\r\n" + LINES.replace(",", ";").encode(),
        LINES.replace("item", " Item ").encode(),
        b"\n" + LINES.encode() + b"\n,,,\n",
        b",item,model,correct,cost_usd\n0,001,small,TRUE,0.25\n",
        b"item,model,correct,cost_usd,\n001,small,TRUE,0.25,\n",
        b'"item","model","correct","cost_usd"\n"001","small","TRUE","0.25"\n',
    ],
)
def test_one_table_in_many_spellings(tmp_path, data):
    file = tmp_path / "results.csv"
    file.write_bytes(data)
    found = read_results(file)
    assert found[["item", "model", "correct", "cost_usd"]].to_numpy().tolist() == EXPECTED


def test_names_such_as_na_and_null_stay_names(tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("item,model\nNA,null\n")
    assert read_results(file).to_numpy().tolist() == [["NA", "null"]]


def test_letters_of_an_older_spreadsheet_are_read(tmp_path):
    file = tmp_path / "results.csv"
    file.write_bytes("item,model\nKäse,small\n".encode("cp1252"))
    assert read_results(file)["item"].tolist() == ["Käse"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b'[{"item": 1}]', "JSON"),
        (b"PAR1", "Parquet"),
        (b"item,model\n1,small,0.1\n", "as many values in each row"),
        (b"item,model\n1,small\n2,small,3\n", "line 3"),
        (b'item,model\n"1,small\n', "as many values in each row"),
        (b"item,model,item\n1,small,2\n", "two columns 'item'"),
        (b"item\x00model", "not a text file"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(tmp_path, data, word):
    file = tmp_path / "results.csv"
    file.write_bytes(data)
    with pytest.raises(CourseError, match=word) as caught:
        read_results(file)
    assert "results.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_and_a_file_that_is_not_there_are_told(tmp_path):
    with pytest.raises(CourseError, match="folder"):
        read_results(tmp_path)
    with pytest.raises(CourseError, match="No such file"):
        read_results(tmp_path / "none.csv")
