# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that cannot work: the real site playbook refuses each, all at once, before it changes anything.

Every row of the table is a host of its own with one fault, and all hosts are the same bare node. So one run proves
that each is refused, that all refusals come together, and that the node stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.lib import message_guide
from tests.nodes.node import Fingerprint, differences
from tests.site.driver import ROOT, SCRATCH, Run, playbook, write_inventory
from tests.site.world import NODE_NAME, SITE, World

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Row:
    """One fault: what it does to good settings, the requirement it offends, and words the refusal must have."""

    name: str
    change: Change
    requirement: str
    words: tuple[str, ...]


def put(**values: Any) -> Change:
    """Set variables."""
    return lambda settings: settings.update(values)


def drop(*names: str) -> Change:
    """Leave variables out."""

    def change(settings: dict[str, Any]) -> None:
        for name in names:
            del settings[name]

    return change


def swap(old: str, new: str) -> Change:
    """Misspell a variable."""
    return lambda settings: settings.update({new: settings.pop(old)})


def image(**values: Any) -> Change:
    """Change the entry of Focus among the images."""

    def change(settings: dict[str, Any]) -> None:
        images = dict(settings["federation_images"])
        images["focus"] = {**images["focus"], **values}
        settings["federation_images"] = images

    return change


def person(**values: Any) -> Change:
    """Add one person, who has this fault."""
    return lambda settings: settings.update(base_users=[{"name": "eve", "role": "basic", **values}])


ICON = "iVBORw0KGgo="
PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2hunter2\n-----END OPENSSH PRIVATE KEY-----"
PROVIDER = "federation_provider_id"
BROKER = "federation_broker_url"
ROWS = [
    Row("tier-missing", drop("preflight_tier"), "TIER-2", ("preflight_tier",)),
    Row("tier-4", put(preflight_tier=4), "TIER-2", ("preflight_tier", "4")),
    Row("tier-word", put(preflight_tier="two"), "TIER-2", ("preflight_tier", "two")),
    Row(
        "reach-target",
        put(preflight_reach_targets=["ftp//nowhere"]),
        "NET-REACH",
        ("preflight_reach_targets", "ftp//nowhere"),
    ),
    Row("app-name", put(APP_FOCUS_KEY="abc"), "FED-ENV", ("APP_FOCUS_KEY",)),
    Row("provider-missing", drop(PROVIDER), "FED-ENV", (PROVIDER,)),
    Row("provider-dot", put(federation_provider_id="site.hospital"), "FED-ENV", (PROVIDER, "site.hospital")),
    Row("provider-underscore", put(federation_provider_id="site_hospital"), "FED-ENV", (PROVIDER, "site_hospital")),
    Row("provider-capitals", put(federation_provider_id="SiteHospital"), "FED-ENV", (PROVIDER, "SiteHospital")),
    Row("provider-reserved", put(federation_provider_id="eucaim"), "FED-ENV", (PROVIDER, "eucaim")),
    Row("broker-http", put(federation_broker_url="http://broker.eucaim.test"), "FED-ENV", (BROKER, "https")),
    Row("broker-path", put(federation_broker_url="https://broker.eucaim.test/beam"), "FED-ENV", (BROKER, "/beam")),
    Row("broker-no-scheme", put(federation_broker_url="broker.eucaim.test"), "FED-ENV", (BROKER,)),
    Row("root-missing", drop("federation_root_certificate"), "FED-KEY", ("federation_root_certificate",)),
    Row(
        "root-garbage",
        put(federation_root_certificate="not a certificate"),
        "FED-KEY",
        ("federation_root_certificate",),
    ),
    Row("type-missing", drop("federation_endpoint_type"), "FED-ENV", ("federation_endpoint_type",)),
    Row("type-blaze", put(federation_endpoint_type="blaze"), "FED-ENV", ("federation_endpoint_type", "omop")),
    Row("type-beacon", put(federation_endpoint_type="eucaim-beacon"), "FED-ENV", ("federation_endpoint_type", "omop")),
    Row(
        "endpoint-missing",
        put(federation_endpoint_url="", federation_mediator_enabled=False),
        "FED-MED",
        ("federation_endpoint_url",),
    ),
    Row(
        "endpoint-password",
        put(federation_endpoint_url="http://u:p@mediator:8089/"),
        "FED-MED",
        ("federation_endpoint_url",),
    ),
    Row("icon-lines", put(federation_provider_icon=f"{ICON}\n{ICON}"), "FED-ENV", ("federation_provider_icon", "line")),
    Row("name-quote", put(federation_provider_name='The "best" hospital'), "FED-ENV", ("federation_provider_name",)),
    Row("misspelt-federation", swap(PROVIDER, "federation_providerid"), "FED-ENV", ("federation_providerid", PROVIDER)),
    Row("misspelt-base", swap("base_users", "base_user"), "OS-USERS", ("base_user", "base_users")),
    Row("misspelt-docker", swap("docker_source", "docker_sources"), "CT-DOCKER", ("docker_sources", "docker_source")),
    Row(
        "subnet-overlap",
        put(federation_network_subnet="172.30.81.0/26"),
        "FED-NET",
        ("federation_network_subnet", "172.30.81.0"),
    ),
    Row("subnet-garbage", put(federation_network_subnet="10.0.0.0/33"), "FED-NET", ("federation_network_subnet",)),
    Row(
        "pool-overlap",
        put(docker_address_pools=[{"base": "172.30.0.0/16", "size": 24}]),
        "CT-DOCKER",
        ("docker_address_pools",),
    ),
    Row("docker-source", put(docker_source="snap"), "CT-DOCKER", ("docker_source", "snap")),
    Row("docker-mirror", put(docker_source="mirror", docker_mirror_url=""), "CT-DOCKER", ("docker_mirror_url",)),
    Row("user-role", put(base_users=[{"name": "eve", "role": "root"}]), "OS-USERS", ("base_users", "root")),
    Row(
        "user-name",
        put(base_users=[{"name": "Eve Example", "role": "basic"}]),
        "OS-USERS",
        ("base_users", "Eve Example"),
    ),
    Row(
        "clear-password",
        put(base_users=[{"name": "eve", "role": "basic", "password_hash": "hunter2hunter2"}]),
        "SEC-ACCT",
        ("base_users",),
    ),
    Row(
        "bad-key",
        put(base_users=[{"name": "eve", "role": "basic", "authorized_keys": ["ssh-rsa nonsense"]}]),
        "OS-USERS",
        ("base_users",),
    ),
    Row("image-checksum", image(sha256="12ab"), "FED-BUILD", ("federation_images", "sha256")),
    Row("image-archive", image(path="/nowhere/focus.tar"), "FED-BUILD", ("federation_images", "/nowhere/focus.tar")),
    Row("image-source", image(source="floppy"), "FED-BUILD", ("federation_images", "floppy")),
    Row(
        "vault-missing",
        put(federation_endpoint_auth_header="{{ vault_mediator_token }}"),
        "FED-ENV",
        ("federation_endpoint_auth_header", "vault_mediator_token"),
    ),
    Row(
        "sql-without-string",
        put(federation_endpoint_type="eucaim-sql"),
        "FED-ENV",
        ("federation_postgres_connection_string",),
    ),
    Row(
        "login-vault",
        put(ansible_become_password="{{ vault_become }}", federation_broker_url="http://broker.eucaim.test"),
        "OS-USERS",
        ("ansible_become_password", "vault_become", BROKER),
    ),
    Row("site-proxy-name", put(site_proxy="http://proxy.test:1"), "NET-REACH", ("site_proxy", "site_http_proxy")),
    Row("site-proxy-misspelt", put(site_htpp_proxy="http://p.test:1"), "NET-REACH", ("site_htpp_proxy",)),
    Row("site-proxy-tls", put(site_http_proxy="https://proxy.test:1"), "NET-REACH", ("site_http_proxy", "http://")),
    Row(
        "site-proxy-password",
        put(site_http_proxy="http://node1:hunter2@hunter2hunter2@proxy.test:1"),
        "NET-REACH",
        ("site_http_proxy", "%40"),
    ),
    Row("site-no-proxy", put(site_no_proxy=["a.test,b.test"]), "NET-REACH", ("site_no_proxy", "a.test,b.test")),
    Row("site-authority", put(site_ca_certificates=["/etc/ca.pem"]), "NET-REACH", ("site_ca_certificates", "entry 1")),
    Row("sudo-password", put(ansible_become_password="wrong"), "OS-USERS", ("sudo",)),
    # Types that YAML or a person got wrong.
    Row("port-word", put(federation_mediator_port="eighty"), "FED-MED", ("federation_mediator_port", "eighty")),
    Row("port-range", put(federation_mediator_port=80890), "FED-MED", ("federation_mediator_port", "80890")),
    Row("false-text", put(federation_remove_keys="false"), "FED-KEY", ("federation_remove_keys", "without quotes")),
    Row("bool-word", put(docker_hold="perhaps"), "CT-DOCKER", ("docker_hold", "perhaps", "true or false")),
    Row("users-mapping", put(base_users={"eve": {"role": "basic"}}), "OS-USERS", ("base_users", "a list")),
    Row("users-text", put(docker_users="ada, bela"), "CT-DOCKER", ("docker_users", "ada, bela", "a list")),
    Row(
        "images-list", put(federation_images=[{"source": "registry"}]), "FED-BUILD", ("federation_images", "a mapping")
    ),
    Row("reboot-time", put(base_update_reboot_time=210), "OS-UPDATE", ("base_update_reboot_time", "210", "quotes")),
    # People.
    Row(
        "user-twice",
        put(base_users=[{"name": "eve", "role": "basic"}, {"name": "eve", "role": "admin"}]),
        "OS-USERS",
        ("base_users[1]", "twice"),
    ),
    Row("user-of-the-system", person(name="daemon"), "OS-USERS", ("base_users[0].name", "daemon")),
    Row("private-key", person(authorized_keys=[PRIVATE_KEY]), "OS-USERS", ("private key", ".pub")),
    Row(
        "docker-user-left",
        put(base_users=[{"name": "eve", "state": "disabled"}], docker_users=["eve"]),
        "CT-GROUP",
        ("docker_users", "eve", "disabled"),
    ),
    # Networks and addresses.
    Row(
        "subnet-in-pool",
        put(federation_network_subnet="172.24.9.0/24"),
        "FED-NET",
        ("federation_network_subnet", "172.24.0.0/14", "docker_address_pools"),
    ),
    Row("endpoint-localhost", put(federation_endpoint_url="http://localhost:8089/"), "FED-MED", ("container itself",)),
    Row("proxy-https", put(docker_https_proxy="proxy.hospital:3128"), "CT-DOCKER", ("docker_https_proxy", "hidden")),
    Row("clock-tolerance", put(preflight_clock_tolerance_seconds=5000), "OS-TIME", ("5000", "from 1 to 900")),
    # Tiers, and nodes beside each other.
    Row("tier-group", put(preflight_tier=3), "TIER-2", ("preflight_tier", "group tier2")),
    Row("twin-1", put(federation_provider_id="twin"), "FED-ENV", (PROVIDER, "twin-2", "an id of its own")),
    Row("twin-2", put(federation_provider_id="twin"), "FED-ENV", (PROVIDER, "twin-1", "an id of its own")),
    Row("site-proxy-port", put(site_http_proxy="http://proxy.example"), "NET-REACH", ("site_http_proxy", "no port")),
    Row("engine-word", put(docker_existing_engine="keep"), "CT-DOCKER", ("docker_existing_engine", "refuse, adopt")),
    Row("engine-options", put(docker_daemon_options="debug"), "CT-DOCKER", ("docker_daemon_options", "a mapping")),
    # The firewall.
    Row("firewall-empty", put(firewall_inbound_ports=[]), "NET-FW", ("firewall_inbound_ports", "an empty list")),
    Row("firewall-port-word", put(firewall_inbound_ports=["ssh"]), "NET-FW", ("firewall_inbound_ports", "ssh")),
    Row("firewall-nameless", put(firewall_rules=[{"ports": [8080]}]), "NET-FW", ("firewall_rules", "name")),
    Row("firewall-port", put(firewall_rules=[{"name": "web", "ports": [70000]}]), "NET-FW", ("70000", "65535")),
    Row(
        "firewall-source",
        put(firewall_rules=[{"name": "web", "ports": [8080], "sources": ["10.0.0.0/33"]}]),
        "NET-FW",
        ("firewall_rules", "10.0.0.0/33"),
    ),
    Row("firewall-backend", put(firewall_backend="iptables"), "NET-FW", ("firewall_backend", "auto, ufw, firewalld")),
    Row("firewall-undo", put(firewall_undo_seconds=600), "NET-FW", ("firewall_undo_seconds", "600")),
    Row("firewall-existing", put(firewall_existing="adopt"), "NET-FW", ("firewall_existing", "refuse, keep, replace")),
    Row("firewall-misspelt", put(firewall_inbound_port=[22]), "NET-FW", ("firewall_inbound_ports",)),
    # Files, secrets and logs.
    Row("vault-login", put(ansible_become_password="{{ vault_sudo }}"), "OS-USERS", ("vault_sudo", "ansible-vault")),
    Row(
        "root-file-missing",
        put(federation_root_certificate="{{ lookup('ansible.builtin.file', '/nowhere/root.pem') }}"),
        "FED-KEY",
        ("federation_root_certificate", "/nowhere/root.pem", "put the file there"),
    ),
    Row("vault-nested", person(password_hash="{{ vault_eve }}"), "OS-USERS", ("vault_eve", "ansible-vault")),
    Row("root-private", put(federation_root_certificate=PRIVATE_KEY), "FED-KEY", ("a private key (hidden)",)),
    Row("log-trace", put(federation_log_level="trace"), "FED-LOGS", ("federation_log_level", "exact counts")),
    Row("docker-version", put(docker_version="the newest"), "CT-DOCKER", ("docker_version", "28.1.1")),
]
PARTS = ("found", "needed", "remedy")
SAID = re.compile(
    r"^ +\d+\. (?P<variable>.+) \[(?P<requirement>[A-Z0-9-]+)\]\n"
    r" +found: (?P<found>.*)\n +needed: (?P<needed>.*)\n +remedy: (?P<remedy>.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Refused:
    """The run, and the node before and after it."""

    run: Run
    before: Fingerprint
    after: Fingerprint

    def of(self, host: str) -> str:
        """What the run said about one host."""
        # A login that cannot be read is refused on the control machine, and the output says so.
        marked = re.search(rf"\[{re.escape(host)}(?: -> localhost)?\]: FAILED!", self.run.output)
        assert marked, f"{host} was not refused:\n{self.run.output[-4000:]}"
        # Whatever stands behind belongs to the next host: its error, its result, or the recap.
        return re.split(r"\n\[ERROR\]|\nfatal: |\nPLAY RECAP", self.run.output[marked.start() :])[0]


def names() -> list[str]:
    """Host names of the table."""
    return [row.name for row in ROWS]


@pytest.fixture(scope="module")
def refused(world: World) -> Refused:
    """One run of the real site playbook over all faulty inventories."""
    hosts: dict[str, Mapping[str, Any]] = {}
    for row in ROWS:
        settings = {**world.settings(), PROVIDER: f"of-{row.name}"}
        row.change(settings)
        hosts[row.name] = settings
    inventory = write_inventory(SCRATCH / "refusals", hosts)
    before = world.node.fingerprint()
    run = playbook(SITE, inventory=inventory)
    return Refused(run, before, world.node.fingerprint())


def test_the_run_fails_and_changes_nothing(refused: Refused) -> None:
    """It ends with an error, no task of any role has run, and the node's files, users and units are the same."""
    assert refused.run.rc != 0
    assert refused.run.changed == 0
    assert "Traceback" not in refused.run.output
    assert differences(refused.before, refused.after) == []
    assert sorted(set(refused.run.recap) - {"localhost"}) == sorted(names())


@pytest.mark.parametrize("row", ROWS, ids=names())
def test_each_fault_is_refused_in_words(refused: Refused, row: Row) -> None:
    """Found, needed, requirement id and remedy; nothing secret, no traceback."""
    said = refused.of(row.name)
    assert row.requirement in said, said
    for word in (*PARTS, *row.words):
        assert word in said, f"{word!r} is not in {said}"
    assert "hunter2hunter2" not in said


def test_the_table_is_as_long_as_promised() -> None:
    """Each row has a name and a fault of its own."""
    assert len(set(names())) == len(ROWS) >= 50


def test_the_guide_of_messages_has_every_refusal_that_was_said(refused: Refused) -> None:
    """What a person reads on the screen is found in the guide, with its holes filled."""
    guide = message_guide.all_refusals(ROOT)
    said = [found.groupdict() for name in names() for found in SAID.finditer(refused.of(name))]
    assert len(said) >= len(ROWS)
    assert [each for each in said if not any(entry.fits(each) for entry in guide)] == []


def test_all_faults_of_one_host_come_together(world: World) -> None:
    """Five faults in one inventory: five refusals in one run."""
    settings = world.settings()
    chosen = [
        row for row in ROWS if row.name in ("tier-4", "provider-dot", "broker-path", "docker-source", "user-role")
    ]
    for row in chosen:
        row.change(settings)
    run = playbook(SITE, inventory=write_inventory(SCRATCH / "many", {NODE_NAME: settings}))
    assert run.rc != 0
    for row in chosen:
        assert row.requirement in run.output
        assert row.words[0] in run.output


def test_an_empty_inventory_is_an_error(world: World) -> None:
    """A run over no hosts proves nothing and must not look like success."""
    run = playbook(SITE, inventory=write_inventory(SCRATCH / "empty", {}))
    assert run.rc != 0, run.output
    assert "local_nodes" in run.output


def test_a_node_that_does_not_answer_is_named(world: World) -> None:
    """No traceback, and the address that was tried."""
    settings = {**world.settings(), "ansible_host": "172.30.81.250", "ansible_ssh_timeout": 3, "ansible_timeout": 3}
    run = playbook(SITE, inventory=write_inventory(SCRATCH / "silent", {NODE_NAME: settings}))
    assert run.rc != 0
    assert "172.30.81.250" in run.output
    assert "Traceback" not in run.output


SLACKWARE = "NAME=Slackware\nID=slackware\nVERSION_ID=15.0\nPRETTY_NAME='Slackware 15.0'\n"


def test_a_distribution_that_is_not_supported_is_refused(world: World) -> None:
    """The node says that it is something else."""
    world.node.exec("cp -P /etc/os-release /root/os-release; rm /etc/os-release; cat >/etc/os-release", stdin=SLACKWARE)
    world.node.exec("mv /etc/debian_version /root/debian_version; mv /usr/lib/os-release /root/lib-os-release")
    try:
        before = world.node.fingerprint()
        run = playbook(SITE, inventory=world.inventory)
        after = world.node.fingerprint()
    finally:
        world.node.exec("mv /root/lib-os-release /usr/lib/os-release; mv /root/os-release /etc/os-release")
        world.node.exec("mv /root/debian_version /etc/debian_version")
    assert run.rc != 0
    for word in ("OS-LTS", "Slackware", *PARTS):
        assert word in run.output
    assert "Traceback" not in run.output
    assert differences(before, after) == []


def test_a_node_without_sudo_is_refused(world: World) -> None:
    """The unprivileged user has no way to become root."""
    world.node.exec("mv /usr/bin/sudo /root/sudo")
    try:
        run = playbook(SITE, inventory=world.inventory)
    finally:
        world.node.exec("mv /root/sudo /usr/bin/sudo")
    assert run.rc != 0
    for word in ("OS-USERS", "sudo", *PARTS):
        assert word in run.output
    assert "Traceback" not in run.output
