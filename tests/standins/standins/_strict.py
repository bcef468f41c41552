# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse environment variables that the real program would never read.

With EUCAIM_STANDIN_STRICT=1 (baked into the test images) a stand-in stops with exit code 64 when its environment
holds a name that the real program does not know: a misspelt or stale setting shows up at once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

EXIT_STRICT = 64

# What every container has, the HTTP client's proxy settings and our own test handles.
_COMMON = {
    "PATH",
    "HOME",
    "HOSTNAME",
    "TERM",
    "LANG",
    "LANGUAGE",
    "TZ",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "USER",
    "LOGNAME",
    "SHELL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "NO_COLOR",
    "container",
}
_COMMON_PATTERNS = (r"PYTHON\w*", r"LC_\w+", r"EUCAIM_STANDIN_\w+")
PROXY_PATTERN = r"(?i:(https?|all|no)_proxy)"


def check_environment(known: Iterable[str], patterns: Iterable[str] = (), http_client: bool = True) -> None:
    """Exit 64 on a variable that is neither in *known* nor matched in full by one of *patterns*; strict mode only."""
    if os.environ.get("EUCAIM_STANDIN_STRICT") != "1":
        return
    names = _COMMON | set(known)
    expressions = [*_COMMON_PATTERNS, *patterns, *([PROXY_PATTERN] if http_client else [])]
    strange = sorted(
        name
        for name in os.environ
        if name not in names and not any(re.fullmatch(expression, name) for expression in expressions)
    )
    if strange:
        sys.stderr.write("stand-in: the real program does not read: {}\n".format(", ".join(strange)))
        sys.stderr.flush()
        sys.exit(EXIT_STRICT)
