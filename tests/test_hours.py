"""Opening hours: read where there is no doubt, and not known otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.hours import open_until


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24/7", True),
        ("全天", True),
        ("08:00-20:30", True),
        ("8:00-20:29", False),
        ("08:00—21:00", True),
        ("８：００－２１：００", True),
        ("08:00至21:00", True),
        ("20:30", True),
        ("18:00", False),
        ("20:30:00", True),
        ("08:00-12:00,14:00-20:30", True),
        ("08:00-12:00; Mo-Su 14:00-21:00", True),
        ("Mo-Su 08:00-20:30", True),
        ("Mo-Fr 08:00-21:00; Sa,Su 09:00-22:00", True),
        ("Mo-Fr 08:00-21:00; Sa,Su 09:00-17:00", False),
        ("Mo-Fr 08:00-21:00", False),
        ("Mo-Su 08:00-21:00; Su off", False),
        ("Sa-Tu 08:00-21:00; We-Fr 08:00-21:00", True),
        ("18:00-02:00", True),
        ("21:00-23:00", False),
        ("08:00-24:00", True),
        ("", None),
        (None, None),
        ("Mo-Fr 08:00-21:00; PH off", None),
        ("May-Sep 08:00-21:00", None),
        ("sunrise-sunset", None),
        ("08:00-25:00", None),
        ("08:70-21:00", None),
        ("08:00+", None),
        ("每天开放", None),
        ("Mo-We-Fr 08:00-21:00", None),
        ("Mo-Su", None),
    ],
)
def test_whether_a_place_is_open_until_half_past_eight(
    text: str | None, expected: bool | None
) -> None:
    """Every day must have it; what is not understood is neither open nor shut."""
    assert open_until(text, "20:30") is expected


@given(text=st.text(alphabet="MoTuWeThFrSaSuPH0123456789:-,; 至—"))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a cell holds, the answer is yes, no or not known."""
    assert open_until(text, "20:30") in {True, False, None}


@given(start=st.integers(0, 23), end=st.integers(1, 24), earlier=st.integers(0, 23))
def test_open_until_late_is_open_until_earlier(start: int, end: int, earlier: int) -> None:
    """Within a day's hours, what is open at a time was open at every time before it."""
    hours = f"{start:02}:00-{end:02}:00"
    if start < earlier < end and open_until(hours, f"{end - 1:02}:30"):
        assert open_until(hours, f"{earlier:02}:00")
