# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs, and what it could cost at best, in ratios that hold on any machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.farend.end import FarEndError
from tests.nodes.engine import EngineError
from tests.perf import converge, machines, peers, planner, scale, site
from tests.perf.ratios import NothingMeasured, Result, table
from tests.perf.world import CORES, MOST, say

EPILOG = """
All but machines and planner runs on throw-away nodes of this machine (systemd containers, reached over SSH), which are
taken away at the end. Each ratio is taken within a round, and the median of the rounds is shown: what slows a whole
round down drops out. Seconds mean something only on a machine that does nothing else. A limit that is not kept is shown
and fails nothing; a bench that measured nothing ends with 1.

  scripts/bench --json figures.json          all but peers, in about a quarter of an hour
  scripts/bench site --runs 3                the run with nothing to do, quickly
  scripts/bench peers --path ~/ansible-role-docker --vars vars.yml --against docker
  scripts/bench planner                      how long a plan takes
  scripts/bench machines --path ~/reports    recorded reports of dmidecode, lscpu and smartctl, read and judged
"""
ALL = ["site", "converge", "scale"]
DEFAULT_RUNS = {"site": 5, "converge": 3, "scale": 3, "peers": 5, "planner": 9}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--runs", type=positive, help="rounds (site and peers 5, converge and scale 3, planner 9)")
    shared.add_argument("--json", type=Path, metavar="FILE", help="also write figures and samples into this file")
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", help="default: all")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared])

    command("all", "site, converge and scale")
    command("site", "a run with nothing to do: module executions, ratio to their floor, check mode, verify")
    command("converge", "the first run on a bare node against a shell script with the same installs and writes")
    many = command("scale", "1, 2, 4 and 8 nodes at once against what the cores of this machine can do at best")
    many.add_argument("--nodes", type=int, choices=[1, 2, 4, MOST], default=MOST, help="how many nodes at most")
    peer = command("peers", "a role, or a role of a collection, from a checkout of somebody else")
    peer.add_argument("--path", type=Path, required=True, metavar="DIR", help="the checkout")
    peer.add_argument("--role", default="", metavar="NAME", help="which role, if the checkout is a collection")
    peer.add_argument("--vars", type=Path, metavar="FILE", help="variables for it, as YAML")
    peer.add_argument(
        "--against", default="", metavar="ROLE", help="a role of ours to measure after it, such as docker"
    )
    peer.add_argument("--our-vars", type=Path, metavar="FILE", help="variables for that role of ours")
    command("planner", "all RAID levels over 24 offers of drives, a whole plan and its check; makes no node")
    text = "the parsers and the judge of tier_check over recorded reports of machines; makes no node"
    recorded = commands.add_parser("machines", help=text, description=machines.__doc__)
    recorded.add_argument(
        "--path", type=Path, required=True, metavar="DIR", help="a folder, or a .tar or .tar.xz of one"
    )
    recorded.add_argument("--json", type=Path, metavar="FILE", help="also write one JSON object a line for each report")
    recorded.add_argument("--tier", type=int, choices=[2, 3], default=2, help="what they are judged for (2)")
    given = sys.argv[1:]
    bare = not given or (given[0].startswith("-") and given[0] not in ("-h", "--help"))
    return parser.parse_args(["all", *given] if bare else given)


def positive(text: str) -> int:
    """A number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return number


def parts(options: argparse.Namespace) -> list[Callable[[], Result]]:
    """What the command line asks for."""
    number = {name: options.runs or default for name, default in DEFAULT_RUNS.items()}
    known: dict[str, Callable[[], Result]] = {
        "site": lambda: site.measure(number["site"]),
        "converge": lambda: converge.measure(number["converge"]),
        "scale": lambda: scale.measure(number["scale"], getattr(options, "nodes", MOST)),
        "peers": lambda: peers.measure(
            number["peers"], options.path, options.role, options.vars, options.against, options.our_vars
        ),
        "planner": lambda: planner.measure(number["planner"]),
    }
    return [known[name] for name in (ALL if options.command == "all" else [options.command])]


def machine() -> str:
    """One line about what was measured on."""
    busy = os.getloadavg()[0]
    return (
        f"ansible-core {version('ansible-core')}, Python {platform.python_version()}, {CORES} cores,"
        f" load {busy:.1f} at the start"
    )


def main() -> int:
    """Measure, print, and write the file if one is asked for."""
    options = arguments()
    if options.command == "machines":
        print(*machines.measure(options.path, options.tier, options.json), sep="\n\n")
        return 0
    started, here = time.monotonic(), machine()
    say(here)
    results = []
    for part in parts(options):
        result = part()
        print(f"\n{table(result)}\n", flush=True)
        results.append(result.as_dict())
        if options.json:
            content = {"machine": here, "results": results}
            options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    say(f"measured in {(time.monotonic() - started) / 60:.0f} minutes; {here}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NothingMeasured, EngineError, FarEndError, AssertionError, RuntimeError, OSError) as problem:
        sys.exit(f"nothing is measured: {problem}")
