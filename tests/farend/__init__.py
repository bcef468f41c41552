# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end of the federation, made of the stand-ins in tests/standins, or of the real programs."""

from __future__ import annotations

from tests.farend.end import FarEnd, FarEndError, RealImage, find_real, named

__all__ = ["FarEnd", "FarEndError", "RealImage", "find_real", "named"]
