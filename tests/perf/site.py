# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run with nothing to do: how many modules it executes, and how far it is from the least that these can take."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.nodes.node import Fingerprint, Node
from tests.perf import counting
from tests.perf.counting import Executions
from tests.perf.ratios import NothingMeasured, Result, Sample, floors, packed_floors, ratio, seconds
from tests.perf.world import AREA, Farm, farm, play, rounds, say
from tests.site.driver import SCRATCH
from tests.site.world import SITE, VERIFY

MOST_EXECUTIONS = 70
MOST_RATIO = 1.3
PINGS = 20
REPORT = "report"
PING = {"name": "Ping", "ansible.builtin.ping": {}}


def measure(runs: int) -> Result:
    """Make one node, bring it to where nothing is left to do, and measure."""
    with farm(1) as here:
        node = here.worlds[0].node
        before = managed(node)
        say("the first run, the enrolment and a run that settles")
        here.site(changed=True)
        here.enrol()
        here.site(changed=True)
        resources = added(before, managed(node))
        return measured(here, runs, resources)


def measured(here: Farm, runs: int, resources: dict[str, int]) -> Result:
    """Measure on a node where nothing is left to do."""
    result = Result(f"A run with nothing to do, on one node (median of {runs} interleaved runs)")
    counts = count(here)
    floor = Floor.of(here)
    samples = rounds(
        runs,
        empty=floor.run_empty,
        pings=floor.run_pings,
        different=floor.run_different,
        site=here.site,
        check=lambda: here.site("--check"),
        verify=lambda: verify(here),
    )
    result.samples = samples
    describe_counts(result, counts)
    managed_things = sum(resources.values())
    result.add("executions per managed resource", counts["site"].modules / managed_things)
    result.add("site", seconds(samples["site"]), "s")
    least = floors(samples["empty"], samples["pings"], PINGS, counts["site"].modules)
    result.add("its floor: an empty play and a ping for each execution", sorted(least)[len(least) // 2], "s")
    result.add("site against its floor", ratio(samples["site"], least), "x", MOST_RATIO)
    packed = packed_floors(least, samples["pings"], samples["different"], PINGS, len(counts["site"].by_module))
    result.add("  and where each ping packs a module as site does", ratio(samples["site"], packed), "x")
    # The fewer executions, the lower the floor, and the worse the ratio of a run that is shorter; not so here.
    allowed = floors(samples["empty"], samples["pings"], PINGS, MOST_EXECUTIONS)
    result.add(
        f"  and where the floor has the {MOST_EXECUTIONS} executions that are allowed",
        ratio(samples["site"], allowed),
        "x",
    )
    result.add("check mode against site", ratio(samples["check"], [one.seconds for one in samples["site"]]), "x")
    result.add("verify, with the report", seconds(samples["verify"]), "s")
    least = floors(samples["empty"], samples["pings"], PINGS, counts["verify"].modules)
    result.add("verify against its floor", ratio(samples["verify"], least), "x")
    result.notes.append(
        f"site runs {len(counts['site'].by_module)} different modules; Ansible packs each once, a ping once for all"
    )
    parts = ", ".join(f"{number} {name}" for name, number in resources.items() if number)
    result.notes.append(f"managed resources: {managed_things}, which are {parts} that the first run made or changed")
    return result


def describe_counts(result: Result, counts: dict[str, Executions]) -> None:
    """Add what was counted: the roles' own work, and apart from it what verifies and what reports."""
    site, looks = counts["site"], counts["verify"]
    result.add("module executions of site", site.modules, limit=MOST_EXECUTIONS)
    for role, number in site.by_role.items():
        result.add(f"  {'the first check' if role == '-' else role}", number)
    result.add("other commands of site on the node", site.commands)
    report = looks.by_role.get(REPORT, 0)
    result.add("module executions of verify", looks.modules - report)
    result.add("module executions of the report", report)
    modules = ", ".join(f"{name} {number}" for name, number in sorted(site.by_module.items(), key=lambda one: -one[1]))
    result.notes.append(f"executed by site: {modules}")


def count(here: Farm) -> dict[str, Executions]:
    """Count what site and verify execute on the node."""
    found = {}
    for name, playbook in (("site", SITE), ("verify", VERIFY)):
        path = SCRATCH / AREA / f"executions-{name}"
        run, _sample = here.run(playbook, counted=path)
        run.succeeded()
        found[name] = counting.read(path, here.names)
        if not found[name].modules:
            raise NothingMeasured(f"{name} executed no module on {', '.join(here.names)}")
    return found


def verify(here: Farm) -> Sample:
    """One run of verify."""
    run, sample = here.run(VERIFY)
    run.succeeded()
    return sample


@dataclass(frozen=True)
class Floor:
    """The plays from which the least time is computed."""

    here: Farm
    empty: str
    pings: str
    different: str
    library: str

    @classmethod
    def of(cls, here: Farm) -> Floor:
        """Write them; the different modules are Ansible's ping under other names."""
        folder: Path = SCRATCH / AREA
        library = folder / "library"
        library.mkdir(parents=True, exist_ok=True)
        names = [f"ping_{number}" for number in range(PINGS)]
        found = importlib.util.find_spec("ansible.modules.ping")
        if found is None or found.origin is None:
            raise NothingMeasured("found: no module ansible.builtin.ping; needed: an installed ansible-core")
        for name in names:
            shutil.copy(found.origin, library / f"{name}.py")
        return cls(
            here,
            play(folder / "empty.yml", []),
            play(folder / "pings.yml", [PING] * PINGS),
            play(folder / "different.yml", [{"name": "Ping", name: {}} for name in names]),
            str(library),
        )

    def run_empty(self) -> Sample:
        """Run a play without a task."""
        run, sample = self.here.run(self.empty)
        if run.rc != 0:
            raise NothingMeasured(f"the empty play ended with {run.rc}: {run.output[-500:]}")
        return sample

    def run_pings(self) -> Sample:
        """Run the pings."""
        run, sample = self.here.run(self.pings)
        run.succeeded()
        return sample

    def run_different(self) -> Sample:
        """Run the pings that are modules of their own."""
        run, sample = self.here.run(self.different, env={"ANSIBLE_LIBRARY": self.library})
        run.succeeded()
        return sample


def managed(node: Node) -> Fingerprint:
    """What is on a node, as far as somebody asks for it by name: no files of packages, no packages drawn in."""
    found = node.fingerprint()
    found["packages"] = dict.fromkeys(node.exec("apt-mark showmanual").stdout.split(), "asked for")
    owned = set(node.exec("cat /var/lib/dpkg/info/*.list").stdout.splitlines())
    plain = {path: state for path, state in found["files"].items() if path not in owned and state[0] in "-d"}
    return {
        "packages": found["packages"],
        "accounts and groups": {name: state for name, state in found["users"].items() if not name.startswith("shadow")},
        "files and directories": plain,
        "containers, images and networks": found["containers"],
    }


def added(before: Fingerprint, after: Fingerprint) -> dict[str, int]:
    """How many things of each sort are new or other than before."""
    found = {
        sort: sum(before[sort].get(name) != state for name, state in things.items()) for sort, things in after.items()
    }
    if not sum(found.values()):
        raise NothingMeasured("the first run made nothing on the node")
    return found
