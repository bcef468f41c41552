# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report, read back on the control machine."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from tests.testinfra.common import Subject, scenario_directory


def test_all_three_files_tell_the_same(subject: Subject) -> None:
    """Rows in JSON, cases in JUnit, identifiers on the page."""
    report = scenario_directory() / "inventory" / "reports" / subject.name
    rows = json.loads((report / "evidence.json").read_text(encoding="utf-8"))["rows"]
    assert len(rows) > 90
    cases = ElementTree.parse(report / "junit.xml").getroot().iter("testcase")
    assert len(list(cases)) >= len(rows)
    page = (report / "index.html").read_text(encoding="utf-8")
    assert [row["requirement"] for row in rows if row["requirement"] not in page] == []


def test_the_node_is_untouched(subject: Subject) -> None:
    """Reports are made on the control machine."""
    left = [line for line in subject.changes() if not line.startswith("files: /var/lib/eucaim")]
    assert not left, "\n".join(left)
