# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of any shape can be asked."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils._plain import Plain
from hypothesis import given
from hypothesis import strategies as st

DATA = Plain({"a": {"b": [{"c": 1}, "x"], "n": 7, "yes": True, "t": " text ", "blank": " "}})


def test_asked() -> None:
    """Values are found by their path, and only if they are of the kind that is asked for."""
    assert DATA.at("a", "n") == 7
    assert DATA.number("a", "n") == 7
    assert DATA.number("a", "yes") is None
    assert DATA.number("a", "t") is None
    assert DATA.text("a", "t") == "text"
    assert DATA.text("a", "blank") is None
    assert DATA.text("a", "n") is None
    assert [each.number("c") for each in DATA.many("a", "b")] == [1, None]
    assert DATA.many("a", "n") == []


@pytest.mark.parametrize("data", [None, [], "text", 3, {"a": None}, {"a": []}])
def test_missing(data: object) -> None:
    """Nothing is an error."""
    asked = Plain(data)
    assert asked.at("a", "b") is None
    assert asked.number("a") is None
    assert asked.text("a", "b") is None
    assert asked.many("a", "b") == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner),
    )
)
def test_any(data: object) -> None:
    """No shape makes it fail."""
    asked = Plain(data)
    assert isinstance(asked.many("a", "b"), list)
    assert asked.number("a") is None or isinstance(asked.number("a"), int)
