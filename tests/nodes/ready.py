# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what every node and every far end is made of: keys, the node image and the stand-ins' archives.

Parts that begin at the same time would write into each other's files, so scripts/test lets one at a time run this.
"""

from __future__ import annotations

from tests.farend import images as stand_ins
from tests.nodes import images
from tests.nodes.engine import admin_hash, operator_key, operator_password


def main() -> None:
    """Make them, where they are not there yet."""
    operator_key()
    operator_password()
    admin_hash(images.ensure())
    stand_ins.ensure()


if __name__ == "__main__":
    main()
