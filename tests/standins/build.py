# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the stand-ins as image archives and prints their checksums: python -m tests.standins.build."""

from __future__ import annotations

from tests.farend.images import Archive, ensure, load, main

__all__ = ["Archive", "ensure", "load"]

if __name__ == "__main__":
    main()
