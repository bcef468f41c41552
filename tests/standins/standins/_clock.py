# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the stand-ins, with one test handle: EUCAIM_STANDIN_CLOCK_OFFSET (seconds, may be negative)."""

from __future__ import annotations

import datetime
import email.utils
import os
import time

OFFSET_VARIABLE = "EUCAIM_STANDIN_CLOCK_OFFSET"


def now() -> float:
    """Seconds since the epoch, as this program's clock shows them."""
    return time.time() + float(os.environ.get(OFFSET_VARIABLE) or 0)


def utcnow() -> datetime.datetime:
    return datetime.datetime.fromtimestamp(now(), tz=datetime.UTC)


def http_date() -> str:
    return email.utils.formatdate(now(), usegmt=True)
