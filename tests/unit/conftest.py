# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every unit test with generated input runs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long one example takes depends on what else the machine does; it proves nothing about the code.
settings.register_profile("eucaim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("eucaim")
