# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The far end from the command line: python -m tests.standins.farend up|down|sign|revoke|query."""

from __future__ import annotations

import sys

from tests.farend.end import BROKER_ID, FarEnd, FarEndError, main

__all__ = ["BROKER_ID", "FarEnd", "FarEndError"]

if __name__ == "__main__":
    try:
        main()
    except FarEndError as problem:
        sys.exit(str(problem))
