# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another role, or a role of another collection, measured by the same counters on the same kind of node."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.perf import counting
from tests.perf.ratios import NothingMeasured, Result, Sample, floors, ratio, seconds
from tests.perf.site import PINGS, Floor
from tests.perf.world import AREA, Farm, farm, play, rounds, say
from tests.site.driver import CACHE, SCRATCH

OURS = "eucaim.local_node"


@dataclass(frozen=True)
class Peer:
    """A role by the name that a play uses, and where Ansible finds it."""

    role: str
    settings: dict[str, str]

    @property
    def label(self) -> str:
        """Its name in the table."""
        return os.path.basename(self.role)


def find(path: Path, role: str) -> Peer:
    """The role in a checkout, which is a role itself or a collection with roles."""
    manifest = path / "galaxy.yml"
    if not manifest.exists():
        if not (path / "tasks").is_dir():
            raise NothingMeasured(f"found: no galaxy.yml and no tasks in {path}; needed: a role or a collection")
        return Peer(str(path), {})
    described = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    name = f"{described['namespace']}.{described['name']}"
    roles = sorted(one.name for one in (path / "roles").iterdir()) if (path / "roles").is_dir() else []
    if role not in roles:
        raise NothingMeasured(f"found: {role or 'no --role'}; needed: a role of {name}: {', '.join(roles)}")
    tree = SCRATCH / AREA / "collections"
    place = tree / "ansible_collections" / described["namespace"] / described["name"]
    shutil.rmtree(tree, ignore_errors=True)
    place.parent.mkdir(parents=True)
    place.symlink_to(path)
    return Peer(f"{name}.{role}", {"ANSIBLE_COLLECTIONS_PATH": f"{tree}:{CACHE / 'collections'}"})


def measure(
    runs: int, path: Path, role: str, variables: Path | None, against: str, our_variables: Path | None
) -> Result:
    """Measure the role of that checkout; and after it, on a node that is bare again, one of ours."""
    result = Result(f"Roles alone, nothing to do (median of {runs} interleaved runs)")
    one(result, find(path.resolve(), role), read(variables), runs)
    if against:
        one(result, Peer(f"{OURS}.{against}", {}), read(our_variables), runs)
    return result


def read(variables: Path | None) -> dict[str, Any]:
    """The variables of a file."""
    return dict(yaml.safe_load(variables.read_text(encoding="utf-8")) or {}) if variables else {}


def one(result: Result, peer: Peer, variables: Mapping[str, Any], runs: int) -> None:
    """Measure one role on a bare node."""
    with farm(1, bare=True) as here:
        say(f"{peer.role}: the first run, and one that settles")
        playbook = play(SCRATCH / AREA / "peer.yml", [], gather_facts=True, roles=[peer.role], vars=dict(variables))
        first = run(here, peer, playbook)[0]
        run(here, peer, playbook)
        path = SCRATCH / AREA / "executions-peer"
        changed = run(here, peer, playbook, path)[1]
        counts = counting.read(path, here.names)
        floor = Floor.of(here)
        samples = rounds(runs, empty=floor.run_empty, pings=floor.run_pings, role=lambda: run(here, peer, playbook)[0])
    result.samples |= {f"{peer.label}: {name}": found for name, found in samples.items()}
    least = floors(samples["empty"], samples["pings"], PINGS, counts.modules)
    result.add(f"{peer.label}: first run", first.seconds, "s")
    result.add("  module executions", counts.modules)
    result.add("  tasks changed by a run with nothing to do", changed)
    result.add("  run with nothing to do", seconds(samples["role"]), "s")
    result.add("  against its floor", ratio(samples["role"], least), "x")
    result.notes.append(f"{peer.label} executed {json.dumps(counts.by_module)}")


def run(here: Farm, peer: Peer, playbook: str, counted: Path | None = None) -> tuple[Sample, int]:
    """Run the role; returns what it cost and how many tasks changed something."""
    done, sample = here.run(playbook, counted=counted, env=peer.settings)
    done.succeeded()
    return sample, done.changed
