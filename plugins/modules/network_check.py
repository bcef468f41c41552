# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_check
short_description: Measure what a node reaches and what its line carries
version_added: 0.4.0
author:
  - EUCAIM local_node contributors (@eucaim)
description:
  - Measures latency, jitter and loss to targets, with ping(8) or, where ICMP does not get through and a port is given,
    with TCP connects, and says which of them it was and which way was taken (NET-REACH; D5.11, section 4.1.2).
  - Measures to a peer of the site's choice, on which C(iperf3 -s) runs, what the line carries in each direction
    (iperf3(1)), and judges it against 200 Mbit/s down and up (NET-RATE; D5.11, section 2.3).
  - One TCP stream measures itself and not the line, because loss and latency slow it down. So UDP is sent at a rate
    somewhat above what is needed, and what arrives counts; several TCP streams are measured beside it, and the greater
    figure stands. Rates count what is on the wire of an Ethernet, headers and gaps included, as a line is sold.
  - Changes nothing and needs no root. It puts load on the line. Neither rate nor time is without bound; with the
    defaults it sends at most 1.43 GB, both directions together, in about 45 seconds. A line that is full at the first
    rate is not loaded with the second.
  - What could not be measured is V(unanswered) with the reason; it is never guessed.
extends_documentation_fragment:
  - eucaim.local_node.attributes
  - eucaim.local_node.attributes.info
  - eucaim.local_node.attributes.linux
options:
  targets:
    description:
      - What the node has to reach, each a host, V(host:port) or a URL.
      - With a port, a TCP connect to it decides whether the target is reached. Without, an answer to ICMP does, and
        silence decides nothing, because a firewall may keep ICMP back.
    type: list
    elements: str
    default: []
  peer:
    description:
      - The iperf3 server to which the line is measured. Without it the line is not measured.
      - Not measured in check mode either, because that puts load on the line.
    type: dict
    suboptions:
      host:
        description: Its name or address.
        type: str
        required: true
      port:
        description: Its port, for TCP and UDP.
        type: int
        default: 5201
  seconds:
    description: Seconds that one run lasts, from 2 to 60. There are three or four for each direction.
    type: int
    default: 5
  rate:
    description: >-
      The rate at which UDP is sent first, in Mbit/s of payload, from 1 to 40000. V(0) is a quarter more than what is
      needed (250).
    type: int
    default: 0
  rate_limit:
    description:
      - The rate above which nothing is sent, neither UDP nor all TCP streams together, in Mbit/s of payload, from 1 to
        40000. V(0) is twice what is needed (400), or O(rate) if that is more.
      - While nearly all arrives, the rate is doubled up to this.
    type: int
    default: 0
  streams:
    description: How many TCP streams are sent at once, from 1 to 32.
    type: int
    default: 8
  count:
    description: How many packets, or else connects, go to each target, from 1 to 1000, five a second.
    type: int
    default: 20
  timeout:
    description: Seconds that one connect, or the last answer to ICMP, is waited for, from 0.1 to 60.
    type: float
    default: 5.0
  max_latency:
    description: Milliseconds there and back that a target may take on average. D5.11 sets no limit.
    type: float
  max_loss:
    description: Percent that may be lost on the way to a target and back. D5.11 sets no limit.
    type: float
  http_proxy:
    description: >-
      The site's proxy. Nothing is measured through it, since it carries HTTP alone; a target that it would be used for
      says so.
    type: str
  https_proxy:
    description: The proxy for HTTPS, when it is another one than O(http_proxy).
    type: str
  no_proxy:
    description: Hosts, domains and networks that are reached without a proxy.
    type: list
    elements: str
    default: []
requirements:
  - ping on the node, to measure targets by ICMP
  - iperf3 on the node and at the peer, to measure the line
notes:
  - Nothing is installed. A node without iperf3, with O(peer), has NET-RATE V(unanswered), with the reason.
  - An iperf3 server takes one test at a time. For several nodes, set C(throttle) of the task to 1.
seealso:
  - module: eucaim.local_node.preflight_probe
  - module: eucaim.local_node.tier_check
"""

EXAMPLES = r"""
- name: Measure the line to a server of the computing centre, and the way to the broker
  eucaim.local_node.network_check:
    targets:
      - broker.eucaim.cancerimage.eu:443
      - 192.0.2.53
    peer:
      host: iperf.hospital.example
  throttle: 1
  register: network

- name: Judge the hardware, with the line as it was measured
  eucaim.local_node.tier_check:
    tier: 2
    network: "{{ network.findings }}"

- name: Find out what a line of 10 Gbit/s carries, with up to 19 GB in each direction
  eucaim.local_node.network_check:
    peer:
      host: iperf.hospital.example
      port: 5202
    rate: 2500
    rate_limit: 10000
    streams: 16
"""

RETURN = r"""
findings:
  description: One entry for each target and direction, for O(eucaim.local_node.tier_check#module:network) too.
  returned: always
  type: list
  elements: dict
  sample:
    - requirement: NET-RATE
      item: down
      found: 152 Mbit/s
      minimum: 200 Mbit/s
      recommended: ""
      verdict: unmet
      reason: "UDP at 250: 152 Mbit/s, 42 % lost; TCP, 8 streams: 21 Mbit/s, 6828 segments sent again"
targets:
  description: What was measured of each target; null is not known.
  returned: always
  type: list
  elements: dict
  contains:
    target:
      description: The target as it was given.
      type: str
    address:
      description: Its address.
      type: str
    reached:
      description: Whether it is reached.
      type: bool
    way:
      description: How it was measured, V(icmp) or V(tcp).
      type: str
    latency_ms:
      description: C(min), C(avg) and C(max) of the milliseconds there and back.
      type: dict
    jitter_ms:
      description: By how many milliseconds one answer differs from the one before it, on average.
      type: float
    loss_percent:
      description: >-
        Percent without an answer. Of connects, those that took longer than a second count too, since their first packet
        was lost.
      type: float
    duplicates:
      description: Answers that came twice.
      type: int
    route:
      description: C(source) (the node's address), C(device) and C(gateway) (empty for a neighbour).
      type: dict
    link:
      description: C(name), C(speed_mbps) and C(duplex) of that device.
      type: dict
    proxy:
      description: The proxy that HTTP would take there.
      type: str
    verdict:
      description: What that comes to.
      type: str
    reason:
      description: Why.
      type: str
peer:
  description: >-
    The same of O(peer), and C(down) and C(up). Null if there is no peer.
  returned: always
  type: dict
  contains:
    down:
      description: >-
        To the node. C(mbps) on the wire, C(at_least) (whether the line may carry more), C(loss_percent) and
        C(jitter_ms) of a small UDP stream, each of the C(runs) of iperf3, and C(faults) with what to do.
        Null in check mode.
      type: dict
    up:
      description: From the node.
      type: dict
    load:
      description: >-
        C(seconds) of a run, C(rates_mbps) of UDP, C(streams) of TCP, and C(bytes_at_most) of all runs together.
      type: dict
rows:
  description: One row of evidence for each requirement that was measured.
  returned: always
  type: list
  elements: dict
table:
  description: The rows as lines of one table.
  returned: always
  type: list
  elements: str
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_judge as judge
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import Load, load_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_meter import Access, Meter
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import Place, parse_place
from ansible_collections.eucaim.local_node.plugins.module_utils._preflight import table
from ansible_collections.eucaim.local_node.plugins.module_utils._site import Proxy, parse_proxy
from ansible_collections.eucaim.local_node.plugins.module_utils._tier_network import RATE_MBPS

OPTIONS: dict[str, Any] = {
    "targets": {"type": "list", "elements": "str", "default": []},
    "peer": {
        "type": "dict",
        "options": {"host": {"type": "str", "required": True}, "port": {"type": "int", "default": 5201}},
    },
    "seconds": {"type": "int", "default": 5},
    "rate": {"type": "int", "default": 0},
    "rate_limit": {"type": "int", "default": 0},
    "streams": {"type": "int", "default": 8},
    "count": {"type": "int", "default": 20},
    "timeout": {"type": "float", "default": 5.0},
    "max_latency": {"type": "float"},
    "max_loss": {"type": "float"},
    "http_proxy": {"type": "str", "no_log": True},
    "https_proxy": {"type": "str", "no_log": True},
    "no_proxy": {"type": "list", "elements": "str", "default": []},
}


def places(options: dict[str, Any]) -> tuple[list[Place], Place | None]:
    """Return the targets and the peer; raise ValueError with what is wrong."""
    found = []
    for text in options["targets"]:
        try:
            found.append(parse_place(text))
        except ValueError as error:
            needed = "a host, host:port or a URL (http, https)"
            raise ValueError(f"targets: found {text!r}, but {error}; needed: {needed}; remedy: correct it") from None
    given = options["peer"]
    if given is None:
        return found, None
    try:
        host = parse_place(given["host"])
    except ValueError as error:
        raise ValueError(
            f"peer: found {given['host']!r}, but {error}; needed: the host of an iperf3 server; "
            "remedy: correct peer.host"
        ) from None
    if host.port is not None or not 1 <= given["port"] <= 65535:
        raise ValueError(
            f"peer: found {given['host']!r} with port {given['port']}; needed: a host, and a port from 1 to 65535; "
            "remedy: write them apart, as {host: iperf.example.org, port: 5201}"
        )
    return found, Place(host.host, host.host, given["port"])


def checked(options: dict[str, Any]) -> tuple[Load, judge.Limits, judge.Proxies]:
    """Return the load, the limits and the proxies of the options; raise ValueError with what is wrong."""
    for name, least, most in (
        ("count", 1, 1000),
        ("timeout", 0.1, 60),
        ("max_latency", 0, 60000),
        ("max_loss", 0, 100),
    ):
        value = options[name]
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name}: found {value}; needed: {least} to {most}; remedy: correct it, or leave it out")
    load = load_of(RATE_MBPS, *(options[name] for name in ("seconds", "rate", "rate_limit", "streams")))
    http, https = proxy_of("http_proxy", options), proxy_of("https_proxy", options)
    limits = judge.Limits(options["max_latency"], options["max_loss"])
    return load, limits, judge.Proxies(http, https, options["no_proxy"])


def proxy_of(name: str, options: dict[str, Any]) -> Proxy | None:
    """Return a proxy of the options; raise ValueError with what is wrong, without its password."""
    try:
        return parse_proxy(options[name] or "")
    except ValueError as error:
        needed = "http://host:port, or http://user:password@host:port"
        raise ValueError(f"{name}: found a value (hidden): {error}; needed: {needed}; remedy: correct it") from None


def measured(options: dict[str, Any], meter: Meter, *, loads: bool) -> dict[str, Any]:
    """Return what the module returns; loads says whether load may be put on the line. Raises ValueError."""
    targets, peer = places(options)
    load, limits, proxies = checked(options)
    findings, data = [], []
    for place in targets:
        reached = meter.reach(place)
        finding = judge.judge_target(reached, limits, proxies.of(reached))
        findings.append(finding)
        data.append(judge.target_data(reached, proxies.of(reached), finding))
    peer_data = None
    if peer is not None:
        reached = meter.reach(peer)
        line = meter.line(reached.address, peer.port or 0, load) if loads and reached.address else {}
        finding = judge.judge_peer(reached, line)
        findings.append(finding)
        if line:
            findings += judge.judge_line(line, reached.link)
        else:
            findings += judge.not_measured(judge.CHECK_MODE if reached.address else reached.failure)
        peer_data = {
            **judge.target_data(reached, proxies.of(reached), finding),
            **{name: judge.line_data(line[name]) if line else None for name in ("down", "up")},
            "load": judge.load_data(load),
        }
    rows = judge.rows(findings, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return {
        "findings": [finding.as_dict() for finding in findings],
        "targets": data,
        "peer": peer_data,
        "rows": rows,
        "table": table(rows),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options = module.params
    try:
        result = measured(options, Meter(Access(), options["count"], options["timeout"]), loads=not module.check_mode)
    except ValueError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
