# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away nodes from the command line: python -m tests.nodes up|down|list|fingerprint|image."""

from __future__ import annotations

import argparse
import json
import sys

from tests.nodes import images
from tests.nodes.engine import EngineError, remove_network
from tests.nodes.node import Node, existing


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.nodes", description=__doc__)
    parser.add_argument("action", choices=["up", "down", "restart", "list", "fingerprint", "image"])
    parser.add_argument("--name", default="eucaim-node-1")
    parser.add_argument("--image", default="debian13", choices=sorted(images.SUITES))
    parser.add_argument("--network", default="eucaim-test")
    parser.add_argument("--ip", default="172.30.78.11")
    return parser.parse_args()


def main() -> int:
    """Do what the command line says."""
    options = arguments()
    node = Node(options.name, options.network, options.ip, options.image)
    if options.action == "up":
        node.up()
        print(f"ssh -F {node.ssh_config} {node.name}")
    elif options.action == "down":
        node.down()
        remove_network(node.network)
    elif options.action == "restart":
        node.restart()
    elif options.action == "list":
        print("\n".join(existing()))
    elif options.action == "image":
        print(images.ensure(options.image))
    else:
        print(json.dumps(node.fingerprint(), indent=1, sort_keys=True))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineError as problem:
        sys.exit(str(problem))
