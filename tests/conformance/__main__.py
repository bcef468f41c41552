# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line: python -m tests.conformance [--vectors DIR] [--part beam|focus] [--beam-proxy-binary PATH ...]"""

from __future__ import annotations

import argparse
import collections
import importlib
import json
import pathlib
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from .outcome import Options, Outcome, Status, Vector

PARTS = ("beam", "focus")
FILES = {"beam": "beam_proxy.jsonl", "focus": "focus.jsonl"}
# Parts whose calls build on the calls before them.
STATEFUL = ("beam",)
# Groups of which every vector must pass.
MUST_GROUPS = {
    "beam": (
        "authentication",
        "health",
        "list tasks",
        "results",
        "put result",
        "start-up",
        "certificate life",
    ),
    "focus": ("work flow", "start-up", "answers of the mediator", "faults of the Beam proxy"),
}
NEEDED_SHARE = 0.8


def default_vectors() -> pathlib.Path | None:
    """The recording that comes with this suite, when it is there."""
    path = pathlib.Path(__file__).resolve().parent / "vectors"
    return path if path.is_dir() else None


def read_vectors(path: pathlib.Path) -> list[Vector]:
    found: list[Vector] = []
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                found.append(json.loads(line))
    return found


def is_must(group: str, must: Sequence[str]) -> bool:
    """'type omop, answers of the mediator' counts as 'answers of the mediator'."""
    return any(group == name or group.endswith(", " + name) for name in must)


def verdict(outcomes: Sequence[Outcome], must: Sequence[str]) -> list[str]:
    """Why a part is not good enough; empty when it is."""
    if not outcomes:
        return ["there were no vectors"]
    passed = sum(entry.status is Status.PASS for entry in outcomes)
    reasons = []
    if passed < NEEDED_SHARE * len(outcomes):
        reasons.append(f"less than {NEEDED_SHARE:.0%} passed")
    weak = collections.Counter(
        entry.group for entry in outcomes if is_must(entry.group, must) and entry.status is not Status.PASS
    )
    reasons += [f"{count} of group '{group}' did not pass" for group, count in weak.items()]
    return reasons


def count_line(part: str, outcomes: Sequence[Outcome]) -> str:
    counts = collections.Counter(entry.status for entry in outcomes)
    passed, failed, rest = (counts[status] for status in (Status.PASS, Status.FAIL, Status.UNPLAYED))
    return f"{part}: {passed} passed, {failed} failed, {rest} not played of {len(outcomes)}"


def _id_pattern(ids: list[str]) -> str:
    return ", ".join(ids) if len(ids) <= 6 else ", ".join(ids[:5]) + f" and {len(ids) - 5} more"


def show(part: str, outcomes: Sequence[Outcome], groups: bool) -> None:
    for entry in outcomes:
        if entry.status is Status.FAIL:
            print(f"FAIL {part} {entry.id} [{entry.group}]: {entry.detail}")
    reasons: dict[tuple[str, str], list[str]] = {}
    for entry in outcomes:
        if entry.status is Status.UNPLAYED:
            reasons.setdefault((entry.group, entry.detail), []).append(entry.id)
    for (group, reason), ids in reasons.items():
        print(f"NOT PLAYED {part} [{group}] {_id_pattern(ids)}: {reason}")
    if groups:
        for group in dict.fromkeys(entry.group for entry in outcomes):
            print("  " + count_line(group, [entry for entry in outcomes if entry.group == group]))


def load_part(name: str) -> Any:
    return importlib.import_module(f"{__package__}.{name}")


def _task_of(vector: Vector) -> str | None:
    """The id of a task that this call makes."""
    request, response = vector.get("request"), vector.get("response")
    if not request or not response or request["method"] != "POST" or response["status"] != 201:
        return None
    location: str | None = response.get("headers", {}).get("location")
    return location


def _shared(one: str, other: str) -> int:
    """How many letters two names have in common at their beginning."""
    return next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _place(vector: Vector, order: dict[str, int], groups: dict[str, str]) -> float:
    """Where a vector belongs among the recorded ones: its own place, or behind its nearest relative by name."""
    name = vector["id"]
    if name in order:
        return float(order[name])
    kin = [other for other in order if groups[other] == vector["group"]]
    near = max((_shared(name, other) for other in kin), default=0)
    before = [order[o] for o in kin if _shared(name, o) == near and o <= name]
    return max([order[o] for o in vector.get("after", []) if o in order] + before, default=len(order)) + 0.5


def with_context(vectors: list[Vector], recorded: list[Vector]) -> list[Vector]:
    """A part of a recording needs the rest of it as its past: the given vectors in their places among the recorded.

    Vectors that neither are nor name recorded ones stand alone.
    """
    order = {vector["id"]: number for number, vector in enumerate(recorded)}
    given = {vector["id"] for vector in vectors}
    named = given | {entry for vector in vectors for entry in vector.get("after", [])}
    if not named & set(order) or given >= set(order):
        return vectors
    groups = {vector["id"]: vector["group"] for vector in recorded}
    tasks = {_task_of(vector) for vector in vectors} - {None}
    places = [(_place(vector, order, groups), vector) for vector in vectors]
    places += [(float(order[v["id"]]), v) for v in recorded if v["id"] not in given and _task_of(v) not in tasks]
    return [vector for _unused, vector in sorted(places, key=lambda entry: entry[0])]


def run_part(name: str, directory: pathlib.Path, options: Options, groups: bool) -> tuple[bool, list[Outcome]]:
    """Play one part; tell whether it is good enough, and how each vector ended."""
    module = load_part(name)
    vectors = read_vectors(directory / FILES[name])
    begun = time.monotonic()
    usual = default_vectors() if name in STATEFUL else None
    ids = {vector["id"] for vector in vectors}
    played = with_context(vectors, read_vectors(usual / FILES[name])) if usual is not None else vectors
    if options.only:
        wanted = options.only.split(",")
        played = [v for v in played if any(v["id"].startswith(start) or v["group"] == start for start in wanted)]
    outcomes: list[Outcome] = [entry for entry in module.run(played, options) if entry.id in ids] if vectors else []
    show(name, outcomes, groups)
    reasons = verdict(outcomes, MUST_GROUPS[name])
    for reason in reasons:
        print(f"{name}: not good enough: {reason}")
    print(f"{count_line(name, outcomes)} ({time.monotonic() - begun:.0f} s)")
    return not reasons, outcomes


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--vectors", type=pathlib.Path, help="directory with beam_proxy.jsonl and focus.jsonl")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part (both by default)")
    parser.add_argument("--only", help="comma list of groups or starts of ids")
    parser.add_argument("--groups", action="store_true", help="also count by group")
    parser.add_argument("--beam-proxy-binary", metavar="PATH", help="real Beam proxy to start in place of the stand-in")
    parser.add_argument(
        "--beam-broker-binary", metavar="PATH", help="real Beam broker to start in place of the stand-in"
    )
    parser.add_argument("--focus-binary", metavar="PATH", help="real Focus to start in place of the stand-in")
    parser.add_argument(
        "--url", action="append", default=[], metavar="NAME=URL", help="a running program, such as proxy1=http://..."
    )
    parser.add_argument(
        "--credential",
        action="append",
        default=[],
        metavar="APP=REAL:KEY",
        help="recorded app id, real app id, key",
    )
    parser.add_argument("--jobs", type=int, default=6, help="scenes side by side")
    parser.add_argument("--keep", type=pathlib.Path, help="keep logs and files in this directory")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    given = parse(arguments)
    directory: pathlib.Path | None = given.vectors or default_vectors()
    if directory is None or not directory.is_dir():
        print(
            "conformance: no vectors: give --vectors DIR (default: tests/conformance/vectors)",
            file=sys.stderr,
        )
        return 1
    with tempfile.TemporaryDirectory(prefix="conformance-") as temporary:
        options = Options(
            workdir=given.keep or pathlib.Path(temporary),
            beam_proxy_binary=given.beam_proxy_binary,
            beam_broker_binary=given.beam_broker_binary,
            focus_binary=given.focus_binary,
            urls=dict(entry.split("=", 1) for entry in given.url),
            credentials=dict(entry.split("=", 1) for entry in given.credential),
            jobs=given.jobs,
            only=given.only,
        )
        ended = [run_part(name, directory, options, given.groups) for name in given.part or PARTS]
    if len(ended) > 1:
        print(count_line("all", [outcome for _good, outcomes in ended for outcome in outcomes]))
    return 0 if all(good for good, _outcomes in ended) else 1


if __name__ == "__main__":
    sys.exit(main())
