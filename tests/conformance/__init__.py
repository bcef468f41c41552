# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays recorded vectors of Beam and Focus against the stand-ins or against the real programs."""

from __future__ import annotations

import pathlib
import sys

_STANDINS = str(pathlib.Path(__file__).resolve().parent.parent / "standins")
if _STANDINS not in sys.path:
    sys.path.insert(0, _STANDINS)
