"""JSON with one row a line."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from eda_router.strict_json import format_rows

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES, st.integers(0, 4))
def test_the_text_is_the_value(value: object, levels: int) -> None:
    assert json.loads(format_rows(value, levels)) == value


def test_a_row_is_a_line_and_what_is_no_number_null() -> None:
    runs = {"runs": [{"net": 1, "kinds": [1, 2]}, {"net": math.nan, "kinds": []}]}
    assert format_rows(runs, 2).splitlines() == [
        "{",
        ' "runs": [',
        '  {"net": 1, "kinds": [1, 2]},',
        '  {"net": null, "kinds": []}',
        " ]",
        "}",
    ]
