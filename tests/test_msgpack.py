"""Where an object of MessagePack ends, for any object and any bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmodel.model.msgpack import MAX_ITEMS, BrokenError, end_of_object


def sized(value: bytes, forms: tuple[tuple[int, int], ...]) -> bytes:
    """A value behind the shortest of the headers that can hold its length: pairs of a first byte and a width."""
    first, width = next((first, width) for first, width in forms if len(value) < 1 << (8 * width))
    return bytes([first]) + len(value).to_bytes(width, "big") + value


def packed(value: object) -> bytes:
    """An object of Python in MessagePack, by the specification."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return (
            struct.pack("b", value) if -32 <= value < 128 else b"\xd3" + value.to_bytes(8, "big", signed=True)
        )
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return sized(value, ((0xC4, 1), (0xC5, 2)))
    if isinstance(value, str):
        text = value.encode()
        return bytes([0xA0 | len(text)]) + text if len(text) < 32 else sized(text, ((0xD9, 1), (0xDA, 2)))
    if isinstance(value, tuple):  # an extension
        code, payload = value
        assert isinstance(payload, bytes)
        return bytes([0xC7, len(payload), code]) + payload
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + len(value).to_bytes(2, "big")
        return head + b"".join(map(packed, value))
    assert isinstance(value, dict)
    head = bytes([0x80 | len(value)]) if len(value) < 16 else b"\xde" + len(value).to_bytes(2, "big")
    return head + b"".join(packed(key) + packed(one) for key, one in value.items())


LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.binary(max_size=300)
    | st.text(max_size=80) | st.tuples(st.integers(0, 127), st.binary(max_size=20))
)  # fmt: skip
OBJECTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20),
)


@given(OBJECTS, st.binary(max_size=3))
def test_the_end_is_found_whatever_follows(value: object, more: bytes) -> None:
    data = packed(value)
    assert end_of_object(data + more, len(data) + len(more)) == len(data)


@given(OBJECTS, st.data())
def test_every_cut_is_one(value: object, draw: st.DataObject) -> None:
    data = packed(value)
    size = draw.draw(st.integers(0, len(data) - 1))
    with pytest.raises(BrokenError) as caught:
        end_of_object(data[:size], size)
    assert caught.value.is_cut


@given(st.binary(max_size=200))
def test_any_bytes_have_an_end_or_none(data: bytes) -> None:
    try:
        end = end_of_object(data, len(data))
    except BrokenError:
        return
    assert end is not None
    assert 0 < end <= len(data)


def test_what_has_too_many_items_is_left_alone() -> None:
    data = b"\xdd" + (MAX_ITEMS + 5).to_bytes(4, "big") + bytes(MAX_ITEMS + 5)
    assert end_of_object(data, len(data)) is None


def test_the_byte_that_begins_nothing() -> None:
    with pytest.raises(BrokenError) as caught:
        end_of_object(b"\xc1", 1)
    assert not caught.value.is_cut
