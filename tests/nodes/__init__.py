# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away nodes for the demo and the tests."""

from __future__ import annotations

from tests.nodes.engine import EngineError
from tests.nodes.node import Fingerprint, Node, differences, existing

__all__ = ["EngineError", "Fingerprint", "Node", "differences", "existing"]
