# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the federation role: their text, and their sums.

Private to this collection: nothing outside may import it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile


def read_text(path: str) -> str | None:
    """Return the text of a regular file, or None when there is none."""
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8", errors="surrogateescape") as handle:
        return handle.read()


def write_text(path: str, text: str, mode: int) -> None:
    """Put a file in place at once, never readable for more people than it may be."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".eucaim-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def checksum(path: str) -> str:
    """Return the SHA-256 of a file; empty when there is none."""
    total = hashlib.sha256()
    try:
        with open(path, "rb") as handle:
            for block in iter(lambda: handle.read(1 << 20), b""):
                total.update(block)
    except OSError:
        return ""
    return total.hexdigest()
