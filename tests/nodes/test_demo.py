# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of scripts/demo, and what it says when something fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.farend import RealImage
from tests.nodes.demo import INVENTORY, NETWORK, SUBNET, Clock, Demo, DemoError, show, tail
from tests.nodes.engine import CACHE, CHECKOUT, run


def test_help() -> None:
    """Every option is explained, and asking installs nothing."""
    text = run([str(CHECKOUT / "scripts" / "demo"), "--help"]).stdout
    for option in ("--nodes", "--keep", "--remove", "--images", "--help"):
        assert option in text


@pytest.mark.parametrize(
    "options", [["--nodes"], ["--nodes", "5"], ["--images", "/nonexistent"], ["--nods", "1"], ["x"]]
)
def test_bad_options(options: list[str]) -> None:
    """Refused before anything is installed, with what was found and what is needed."""
    done = run([str(CHECKOUT / "scripts" / "demo"), *options], check=False)
    assert done.returncode == 2
    assert "found:" in done.stderr
    assert "needed:" in done.stderr


def test_nodes_are_those_of_the_inventory() -> None:
    """Names and addresses in inventories/demo are the ones that the demo makes."""
    text = (INVENTORY / "hosts.yml").read_text(encoding="utf-8")
    found = re.findall(r"^ +(demo-node-\d):\n +ansible_host: (\S+)$", text, re.MULTILINE)
    assert found == [(node.name, node.ip) for node in Demo(4, {}, Clock()).nodes]
    assert all(ip.startswith(SUBNET.rsplit(".", 1)[0]) for _unused, ip in found)
    settings = "".join(path.read_text(encoding="utf-8") for path in INVENTORY.rglob("group_vars/**/*.yml"))
    assert f"/farend/{NETWORK}/" in settings


def test_real_images() -> None:
    """Real images reach the role in the words of federation_images; the broker is not the node's business."""
    real = {
        "beam-broker": RealImage("samply/beam-broker:main"),
        "beam-proxy": RealImage("samply/beam-proxy:main"),
        "focus": RealImage("samply/focus:main", "/images/focus.tar", "0" * 64),
    }
    assert Demo(1, real, Clock()).node_images() == {
        "beam-proxy": {"source": "registry", "name": "samply/beam-proxy", "tag": "main"},
        "focus": {
            "source": "archive",
            "name": "samply/focus",
            "tag": "main",
            "path": "/images/focus.tar",
            "sha256": "0" * 64,
        },
    }


def test_tail_begins_at_the_failure(tmp_path: Path) -> None:
    """What is shown of a log begins at the first failed task."""
    log = tmp_path / "x.log"
    log.write_text("TASK [a] ***\nok: [n]\nTASK [b] ***\nfatal: [n]: FAILED!\nmsg\n", encoding="utf-8")
    assert tail(log).splitlines() == ["TASK [b] ***", "fatal: [n]: FAILED!", "msg"]
    log.write_text("".join(f"{number}\n" for number in range(100)), encoding="utf-8")
    assert len(tail(log).splitlines()) == 30


def test_show_wants_two(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer without the mediator's two data sets is a failure."""
    item = {"id": "a", "name": "A", "subjects_count": 1, "studies_count": 2, "modalities": ["MR"]}
    show("node", {"provider": "P", "collections": [item, item]})
    assert "a: A; 1 subjects, 2 studies; MR" in capsys.readouterr().out
    with pytest.raises(DemoError, match="0 data sets"):
        show("node", {"collections": []})


def test_bootstrap_is_quick_the_second_time() -> None:
    """What is there already is left alone, in one line each."""
    script = ". scripts/lib/bootstrap.sh; ensure_engine; ensure_tools; ensure_collections"
    lines = run(["bash", "-euc", f"cd '{CHECKOUT}'; {script}"], timeout=20).stdout.splitlines()
    assert [line for line in lines if "there already" in line] == lines
    assert (CACHE / "collections" / "ansible_collections" / "community" / "docker").exists()


def test_bootstrap_refuses_old_python() -> None:
    """Found, needed, remedy."""
    done = run(
        ["bash", "-euc", f"cd '{CHECKOUT}'; PYTHON=/bin/false; . scripts/lib/bootstrap.sh; ensure_venv"], check=False
    )
    assert done.returncode == 1
    for word in ("found:", "needed: Python 3.11", "remedy:"):
        assert word in done.stderr
