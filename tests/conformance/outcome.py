# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one vector, and the settings every part of the suite shares."""

from __future__ import annotations

import enum
import pathlib
from dataclasses import dataclass, field
from typing import Any

Vector = dict[str, Any]


class Status(enum.Enum):
    PASS = "pass"
    FAIL = "fail"
    UNPLAYED = "unplayed"


@dataclass(frozen=True)
class Outcome:
    """One vector: detail says which field differs and how (fail) or why it was not played (unplayed)."""

    id: str
    group: str
    status: Status
    detail: str = ""


@dataclass
class Options:
    """Settings of a run. Binaries: real programs to start in place of the stand-ins. urls: running ones, by name."""

    workdir: pathlib.Path
    beam_proxy_binary: str | None = None
    beam_broker_binary: str | None = None
    focus_binary: str | None = None
    urls: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    jobs: int = 4
    only: str | None = None
