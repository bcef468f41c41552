# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventories work as their comments say, and say the same of the same thing."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.eucaim.local_node.plugins.module_utils._answers import attestable
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs import ROLES
from ansible_collections.eucaim.local_node.plugins.module_utils._inputs_site import OPTIONS as SITE_OPTIONS

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
EXAMPLES = ["tier2", "tier3"]
# A line of a comment that gives a variable: "# federation_images:".
COMMENTED = re.compile(r"^# ?([a-z]+_[a-z_]+):", re.MULTILINE)
ROOT_CERTIFICATE = "broker-root.crt.pem"
VAULT_PASSWORD = "only for this test"

each_example = pytest.mark.parametrize("example", EXAMPLES)


def files(example: str) -> list[Path]:
    """Return the files of an inventory that hold variables."""
    return sorted((ROOT / "inventories" / example).rglob("group_vars/*/*.yml"))


def options() -> set[str]:
    """Return every variable of our roles, and those of the whole site."""
    found: set[str] = set(SITE_OPTIONS)
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        found |= set(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"])
    return found


@pytest.fixture(name="copy")
def _copy(example: str, tmp_path: Path) -> Path:
    """Copy an inventory as a site would."""
    return Path(shutil.copytree(ROOT / "inventories" / example, tmp_path / "mysite"))


def fill_in(inventory: Path) -> None:
    """Do what no placeholder can stand for: save the root certificate, and make the vault as its example says."""
    key = inventory / "root.key"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=root"]
    files_made = ["-keyout", str(key), "-out", str(inventory / ROOT_CERTIFICATE)]
    subprocess.run([*request, *files_made], check=True, capture_output=True)
    key.unlink()
    secrets = inventory / "group_vars" / "local_nodes" / "secrets.yml"
    example = (inventory / "secrets.example.txt").read_text(encoding="utf-8")
    secrets.write_text(example.replace("change-me", "of-our-own"), encoding="utf-8")
    password = inventory.parent / "password"
    password.write_text(VAULT_PASSWORD, encoding="utf-8")
    vault = [str(BIN / "ansible-vault"), "encrypt", "--vault-password-file", str(password), str(secrets)]
    subprocess.run(vault, check=True, capture_output=True)


def judge(inventory: Path, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run the check of all roles' inputs on an inventory, with this machine in the place of the node."""
    play = {
        "hosts": "local_nodes",
        "gather_facts": False,
        "tasks": [{"eucaim.local_node.validate_inputs": {"roles": list(ROLES), "check_node": False}}],
    }
    path = inventory.parent / "judge.yml"
    path.write_text(json.dumps([play]), encoding="utf-8")
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **variables}
    command = [str(BIN / "ansible-playbook"), "-i", str(inventory / "hosts.yml"), "-e", json.dumps(here), str(path)]
    password = inventory.parent / "password"
    if password.exists():
        command += ["--vault-password-file", str(password)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@each_example
def test_an_example_works_once_its_files_are_there(copy: Path) -> None:
    fill_in(copy)
    run = judge(copy)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "no role of eucaim.local_node reads" not in run.stdout


@each_example
def test_an_example_as_it_is_names_just_what_is_missing(copy: Path) -> None:
    run = judge(copy)
    assert run.returncode == 2
    refused = re.findall(r"^ +\d+\. (\S+) \[[A-Z-]+\]$", run.stdout, re.MULTILINE)
    assert refused == ["federation_root_certificate", "federation_endpoint_auth_header"], run.stdout
    for word in (ROOT_CERTIFICATE, "vault_federation_endpoint_auth_header", "ansible-vault"):
        assert word in run.stdout


def locate(inventory: Path) -> str:
    """Run what the guide of messages says finds a file that is no YAML."""
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_messages.rst").read_text(encoding="utf-8")
    found = re.search(r"``(for f in .*; done)``", guide)
    assert found is not None
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    command = ["bash", "-c", found.group(1)]
    return subprocess.run(command, cwd=inventory, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("example", EXAMPLES[:1])
def test_ansible_says_of_broken_files_what_the_guide_of_messages_explains(copy: Path) -> None:
    fill_in(copy)
    password = copy.parent / "password"
    password.rename(copy.parent / "mislaid")
    assert "Attempting to decrypt but no vault secrets found" in judge(copy).stderr
    password.write_text("another", encoding="utf-8")
    assert "no vault secrets were found that could decrypt" in judge(copy).stderr
    (copy / "group_vars" / "local_nodes" / "secrets.yml").unlink()
    assert locate(copy) == ""
    broken = copy / "group_vars" / "local_nodes" / "people.yml"
    broken.write_text("base_users:\n- name: ada\n role: admin\n", encoding="utf-8")
    assert "YAML parsing failed" in judge(copy).stderr
    assert locate(copy) == "group_vars/local_nodes/people.yml\n"


@each_example
def test_what_stands_in_comments_exists(example: str) -> None:
    named = {name for path in files(example) for name in COMMENTED.findall(path.read_text(encoding="utf-8"))}
    assert named, "no example in a comment"
    assert sorted(name for name in named - options() if not name.startswith(("ansible_", "vault_"))) == []


@each_example
def test_every_secret_that_is_referred_to_is_in_the_example_of_the_vault(example: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in files(example)]
    wanted = {name for text in texts for name in re.findall(r"\bvault_[a-z_]+", text)}
    secrets = (ROOT / "inventories" / example / "secrets.example.txt").read_text(encoding="utf-8")
    assert sorted(wanted) == sorted(set(re.findall(r"\bvault_[a-z_]+(?=:)", secrets)))


def test_the_examples_differ_in_the_tier_alone() -> None:
    first, second = (
        [
            f"{path.relative_to(ROOT / 'inventories' / example)}: {line}"
            for path in [*files(example), *sorted((ROOT / "inventories" / example).glob("*.*"))]
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for example in EXAMPLES
    )
    changed = [line for line in difflib.ndiff(first, second) if line.startswith(("-", "+"))]
    assert changed, "the two are the same"
    assert [line for line in changed if not re.search(r"tier ?[23]|_tier: [23]|FED-FP|: $", line, re.IGNORECASE)] == []


@pytest.mark.parametrize("example", ["demo", *EXAMPLES])
def test_a_variable_means_the_same_role_everywhere(example: str) -> None:
    for path in files(example):
        names = set(yaml.safe_load(path.read_text(encoding="utf-8")))
        strange = [name for name in names - options() if not name.startswith(("ansible_", "demo_"))]
        assert strange == [], path


@each_example
def test_every_question_for_people_is_listed(copy: Path) -> None:
    """The file of answers names each question once; with its marks taken away, its answers are accepted."""
    path = copy / "group_vars" / "all" / "answers.yml"
    path.write_text(re.sub("^#(?=  )", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [answer["requirement"] for answer in content["site_attestations"]] == attestable()
    assert [waiver["requirement"] for waiver in content["site_waivers"]] == ["HW-RAM"]
    fill_in(copy)
    judged = judge(copy)
    assert judged.returncode == 0, judged.stdout
