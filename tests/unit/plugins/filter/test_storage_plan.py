# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.eucaim.local_node.plugins.filter.storage_plan import FilterModule
from ansible_collections.eucaim.local_node.plugins.module_utils._plan import make_plan

storage_plan = FilterModule().filters()["storage_plan"]


def test_the_filter_gives_the_plan() -> None:
    request = {"dataset_size": "4TB", "aim": "minimum"}
    assert storage_plan(request) == make_plan(request)
    assert storage_plan(request)["title"].startswith("3 x 4 TB in RAID 5 and 1 x 4 TB as spare")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("4TB", "needed: a mapping with at least dataset_size"),
        ({}, r"\[ST-DATA\] dataset_size: found nothing"),
        ({"dataset_size": "4T"}, "write 4TB"),
        ({"dataset_size": "4TB", "bays": 2}, "remedy: one change is enough: take a case with 5 slots"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_words(request_: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        storage_plan(request_)
