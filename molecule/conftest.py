# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node under test, for the tests of all scenarios."""

from __future__ import annotations

import pytest

from tests.testinfra import common


@pytest.fixture(scope="session")
def subject() -> common.Subject:
    """The node of the scenario that Molecule runs."""
    return common.subject()
