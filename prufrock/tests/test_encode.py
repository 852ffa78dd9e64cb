from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.cases.frames import Steps
from prufrock.encode import decode, digest, encode

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner).map(tuple),
    max_leaves=8,
)


@settings(deadline=None)
@given(values)
def test_values_come_back(value: Any) -> None:
    assert repr(decode(json.loads(json.dumps(encode(value))))) == repr(value)


@settings(deadline=None)
@given(st.lists(st.floats(width=32)), st.sampled_from(["float64", "float32"]))
def test_arrays_come_back_bit_for_bit(numbers: list[float], dtype: str) -> None:
    x = np.array([numbers, numbers], dtype=dtype)
    back = decode(json.loads(json.dumps(encode(x))))
    assert back.dtype == x.dtype
    assert back.shape == x.shape
    np.testing.assert_array_equal(back, x)
    assert (np.signbit(back) == np.signbit(x))[~np.isnan(x)].all()


def test_a_case_comes_back_and_travels_into_the_wheel() -> None:
    case = Steps(np.arange(4.0).reshape(1, 2, 2), 2)
    record = encode(case)
    assert decode(record).r == 2
    record["case"] = "prufrock." + record["case"]
    np.testing.assert_array_equal(decode(record).y, case.y)


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(TypeError, match="cannot write object"):
        encode(object())


def test_a_record_cannot_make_anything_but_a_case() -> None:
    with pytest.raises(ValueError, match="no dataclass"):
        decode({"case": "os:system", "fields": {}})


def test_digest_depends_on_every_part() -> None:
    assert digest("a", 1.0) != digest("a", 2.0) != digest("b", 2.0)
    assert digest("a", np.zeros(2)) == digest("a", np.zeros(2))
