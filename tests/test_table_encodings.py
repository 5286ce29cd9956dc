"""Telling the encodings of tables apart, on text of both sides of the strait."""

import random
from pathlib import Path

import pytest

from circles.errors import InputError
from circles.tables import Fate, Source, load_table
from circles.tables.encoding import likeliest
from circles.texts import Note, load_texts

SIMPLIFIED = (
    *(
        "名称,地址",
        "社区",
        "街道,社区名称",
        "长者饭堂",
        "越秀区北京街都府社区",
        "猎德长者饭堂",
        "床位数",
    ),
    *(
        "海珠区江南中街道",
        "社工站",
        "普惠托育中心",
        "石家庄市",
        "南京市鼓楼区",
        "经度,纬度",
        "残疾人康复站",
    ),
    *("编号", "老人", "备注", "广州", "电话", "合计", "地址", "名称", "人口", "户数", "卫生服务站"),
)
TRADITIONAL = (
    *("據點名稱,地址", "里別", "行政區,里別", "社區照顧關懷據點", "臺北市士林區前港里", "機構名稱"),
    *(
        "日間照顧中心",
        "護理之家",
        "收託量",
        "核定床數",
        "大安區",
        "電話",
        "經度,緯度",
        "新北市板橋區",
    ),
    *("編號", "老人", "備註", "臺北", "地址", "名稱", "人口", "戶數", "高雄市左營區", "香港深水埗"),
)


@pytest.mark.parametrize("text", SIMPLIFIED)
def test_short_gbk(text: str) -> None:
    """A few simplified characters in GBK are not taken for Big5."""
    found = likeliest(text.encode("gbk"))
    assert found is not None
    assert (found.encoding, found.text) == ("GB18030", text)


@pytest.mark.parametrize("text", TRADITIONAL)
def test_short_big5(text: str) -> None:
    """A few traditional characters in Big5 are not taken for GBK."""
    found = likeliest(text.encode("big5hkscs"))
    assert found is not None
    assert (found.encoding, found.text) == ("Big5", text)


def test_all_our_own_chinese_words() -> None:
    """The Chinese of the outputs is recognised, in GBK and, written traditionally, in Big5."""
    import opencc

    traditional = opencc.OpenCC("s2tw").convert
    wrong = set()
    for text in load_texts("zh").words.values():
        short = "".join(sign for sign in text if "\u4e00" <= sign <= "\u9fff")[:12]
        for words, codec, name in (
            (short, "gb18030", "GB18030"),
            (traditional(short), "big5", "Big5"),
        ):
            data = words.encode(codec, "ignore")
            found = likeliest(data) if data else None
            if found is not None and found.encoding != name and len(words) > 1:
                wrong.add(words)
    assert len(wrong) <= 2  # a table has more than one such cell, of more than one sign


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        *(("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")),
        *(("gbk", "GB18030"), ("gb18030", "GB18030")),
    ],
)
def test_the_encoding_is_stated(tmp_path: Path, codec: str, name: str) -> None:
    """The encoding that was found is a fact of the books, and named ones are too."""
    path = tmp_path / "a.csv"
    path.write_bytes("名称,地址\n猎德长者饭堂,天河区\n".encode(codec))
    found = load_table(Source(path))
    assert found.frame.loc[2].tolist() == ["猎德长者饭堂", "天河区"]
    assert Note.of("reading.encoding", encoding=name) in found.ledger.facts
    named = load_table(Source(path, encoding=codec))
    assert Note.of("reading.encoding_given", encoding=name) in named.ledger.facts
    assert named.frame.equals(found.frame)


def test_a_named_encoding_overrides(tmp_path: Path) -> None:
    """Bytes that two encodings can read are read as the one that was named."""
    path = tmp_path / "a.csv"
    path.write_bytes("名称\n猎德长者饭堂\n".encode("gbk"))
    with pytest.raises(InputError, match="encoding = 'latin-1' is not known"):
        load_table(Source(path, encoding="latin-1"))
    with pytest.raises(InputError, match="the text is not in utf-8"):
        load_table(Source(path, encoding="utf-8"))
    odd = tmp_path / "b.csv"
    odd.write_bytes("里別\n前港里\n".encode("big5"))
    as_gbk = load_table(Source(odd, encoding="gbk"))
    assert as_gbk.frame.columns.tolist() == ["里別".encode("big5").decode("gb18030")]


def test_lines_of_another_encoding(tmp_path: Path) -> None:
    """Lines of GBK in a UTF-8 table are read as such, and their rows listed."""
    lines = [
        "名称,地址",
        "猎德长者饭堂,天河区猎德街",
        "员村助餐点,天河区员村街",
        "冼村长者饭堂,天河区冼村街",
    ]
    codecs = ["utf-8", "utf-8", "gbk", "utf-8"]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join(x.encode(c) for x, c in zip(lines, codecs, strict=True)))
    loaded = load_table(Source(path))
    assert loaded.frame["名称"].tolist() == ["猎德长者饭堂", "员村助餐点", "冼村长者饭堂"]
    assert loaded.ledger.rows(Fate.REPAIRED) == (3,)
    path.write_bytes(
        b"\n".join(x.encode(c) for x, c in zip(lines, ["gbk", "gbk", "utf-8", "gbk"], strict=True))
    )
    back = load_table(Source(path))
    assert back.frame.equals(loaded.frame)
    assert back.ledger.rows(Fate.REPAIRED) == (3,)


def test_a_line_that_is_in_no_encoding(tmp_path: Path) -> None:
    """A line that none of the encodings reads sensibly is named."""
    path = tmp_path / "a.csv"
    path.write_bytes("名称,地址\n猎德长者饭堂,天河区\n".encode() + b"\xff\xfe\xff,x\n\xff\xff,y\n")
    with pytest.raises(InputError, match=r"these lines are in none that can be told: lines 3-4"):
        load_table(Source(path))


def test_control_characters(tmp_path: Path) -> None:
    """Control characters become spaces, and their rows are listed."""
    path = tmp_path / "a.csv"
    path.write_bytes("名称,地址\n甲\x07乙,x\n丙,y\n".encode())
    loaded = load_table(Source(path))
    assert loaded.frame["名称"].tolist() == ["甲 乙", "丙"]
    assert loaded.ledger.rows(Fate.REPAIRED) == (2,)


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_separators(tmp_path: Path, mark: str) -> None:
    """The separator is the one that cuts the rows alike, whatever else stands in the cells."""
    rows = [["名称", "经度", "纬度"], ["甲;乙", "113,3", "23.1"], ["丙|丁", "113,4", "23.2"]]
    quoted = "\n".join(mark.join(f'"{cell}"' for cell in row) for row in rows)
    path = tmp_path / "a.csv"
    path.write_text(f"名册\n{quoted}\n", "utf-8")
    loaded = load_table(Source(path))
    assert loaded.frame.to_numpy().tolist() == rows[1:]


def test_random_cells_of_both_sides() -> None:
    """Of 300 tables of three random words each, all are told."""
    drawn = random.Random(1)  # noqa: S311 - words that can be drawn again
    for words, codec, name in ((SIMPLIFIED, "gbk", "GB18030"), (TRADITIONAL, "big5hkscs", "Big5")):
        for _ in range(150):
            found = likeliest("\n".join(drawn.sample(words, 3)).encode(codec))
            assert found is not None
            assert found.encoding == name
