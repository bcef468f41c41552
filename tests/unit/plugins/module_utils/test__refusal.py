# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refusal says what was found, what is needed, which requirement, and what to do."""

from __future__ import annotations

from ansible_collections.eucaim.local_node.plugins.module_utils import _refusal as refusal

ONE = refusal.Refusal("FED-ENV", "federation_provider_id", '"My.Hospital"', "lower-case letters", "ask and set it")


class Unprintable:
    """A value that JSON cannot hold and that refuses to be turned into text by it."""

    def __str__(self) -> str:
        return "unprintable"


def test_text_holds_all_parts() -> None:
    assert ONE.text() == (
        '[FED-ENV] federation_provider_id: found "My.Hospital"; needed: lower-case letters; remedy: ask and set it'
    )


def test_as_dict_is_plain_data() -> None:
    assert ONE.as_dict() == {
        "requirement": "FED-ENV",
        "variable": "federation_provider_id",
        "found": '"My.Hospital"',
        "needed": "lower-case letters",
        "remedy": "ask and set it",
    }


def test_shown() -> None:
    assert refusal.shown(None) == "nothing"
    assert refusal.shown("Köln") == '"Köln"'
    assert refusal.shown(4) == "4"
    assert refusal.shown(["a", 1]) == '["a", 1]'
    assert refusal.shown("x" * 200) == '"' + "x" * 79 + "... (202 characters)"


def test_shown_of_what_json_cannot_hold() -> None:
    assert refusal.shown(Unprintable()) == '"unprintable"'
    assert refusal.shown({(1, 2): "x"}) == "\"{(1, 2): 'x'}\""


def test_hidden_says_only_the_length() -> None:
    assert refusal.hidden("s3cr3t") == "a value of 6 characters (hidden)"
    assert refusal.hidden(None) == "nothing"


def test_unique_keeps_the_order() -> None:
    other = refusal.Refusal("OS-LTS", "a", "b", "c", "d")
    assert refusal.unique([ONE, other, ONE]) == [ONE, other]


def test_summary_counts() -> None:
    other = refusal.Refusal("OS-LTS", "a", "b", "c", "d")
    assert refusal.summary([other], "node1") == (
        "1 refusal for node1; nothing was changed.\n1. a [OS-LTS]\n   found: b\n   needed: c\n   remedy: d"
    )
    assert refusal.summary([other, ONE], "node1").startswith("2 refusals for node1; nothing was changed.\n1. ")
