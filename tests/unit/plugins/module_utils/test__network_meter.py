# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter asks a machine that is made of recorded answers, and, for what is its own, the machine of the test."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_iperf as iperf3
from ansible_collections.eucaim.local_node.plugins.module_utils import _network_meter as meter
from ansible_collections.eucaim.local_node.plugins.module_utils._network_load import load_of
from ansible_collections.eucaim.local_node.plugins.module_utils._network_route import Place, Route, parse_place
from ansible_collections.eucaim.local_node.plugins.module_utils._recording import Output

DATA = Path(__file__).resolve().parents[3] / "data" / "network" / "debian12"
BUSY = (DATA / "busy.json").read_text(encoding="utf-8")
REFUSED = (DATA / "refused.json").read_text(encoding="utf-8")
BLOCKED = (DATA / "blocked-down.json").read_text(encoding="utf-8")
LOAD = load_of(200, 5, 0, 0, 8)


def recorded(name: str) -> Output:
    return Output(0, (DATA / name).read_text(encoding="utf-8"))


def carried(protocol: str, asked: float, arrived: float) -> Output:
    """Return what iperf3 says of a stream of which a part arrived (Mbit/s)."""
    start = {"test_start": {"protocol": protocol, "blksize": 1250, "target_bitrate": asked * 1e6}}
    packets = round(asked * 500)
    total = {"packets": packets, "lost_packets": round(packets * (1 - arrived / asked)), "seconds": 5, "jitter_ms": 0.1}
    end = {"sum": total, "sum_received": {"bits_per_second": arrived * 1e6, "seconds": 5}}
    return Output(0, json.dumps({"start": {**start, "tcp_mss_default": 1448}, "end": end}))


@dataclass
class Fake:
    """A machine whose programs say what they are told, in turn."""

    answers: dict[str, list[Output]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    connects: list[float | None] = field(default_factory=list)
    resolves: bool = True
    asked: list[list[str]] = field(default_factory=list)
    waited: float = 0.0

    def access(self) -> meter.Access:
        return meter.Access(self.find, self.execute, self.read, self.resolve, self.connect, self.wait)

    def find(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.answers else None

    def execute(self, argv: list[str], _timeout: float) -> Output:
        self.asked.append(argv)
        return self.answers[Path(argv[0]).name].pop(0)

    def read(self, path: str) -> str:
        return self.files.get(path, "")

    def resolve(self, host: str, _port: int) -> str:
        if self.resolves:
            return host
        raise socket.gaierror(-2, "Name or service not known")

    def connect(self, _address: str, _port: int, _timeout: float) -> float:
        answer = self.connects.pop(0)
        if answer is None:
            raise TimeoutError("timed out")
        return answer

    def wait(self, seconds: float) -> None:
        self.waited += seconds


def reach(fake: Fake, text: str = "192.0.2.2", count: int = 3) -> meter.Reached:
    return meter.Meter(fake.access(), count, 2.0).reach(parse_place(text))


def line(fake: Fake) -> dict[str, meter.Direction]:
    return meter.Meter(fake.access(), 3, 2.0).line("192.0.2.2", 5201, LOAD)


def test_a_host_that_answers() -> None:
    fake = Fake({"ping": [recorded("ping.txt")], "ip": [recorded("route-gateway.json")]})
    net = "/sys/class/net/va"
    fake.files = {f"{net}/speed": "1000", f"{net}/duplex": "full", f"{net}/type": "1", f"{net}/carrier": "1"}
    found = reach(fake)
    assert found.reached is True
    assert found.echoes is not None
    assert found.route == Route("192.0.2.1", "va", "192.0.2.2")
    assert found.link is not None
    assert (found.link.name, found.link.speed_mbps, found.link.duplex) == ("va", 1000, "full")
    assert (found.failure, found.connected, found.address) == ("", None, "192.0.2.2")
    assert fake.asked[1] == ["/usr/bin/ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "192.0.2.2"]


@pytest.mark.parametrize(
    ("answer", "reached", "failure"),
    [
        (recorded("ping-silent.txt"), None, "no answer to ICMP, which a firewall may keep back"),
        (recorded("ping-router-says.txt"), False, "192.0.2.2 says: Destination Net Unreachable"),
        (Output(2, "", "ping: connect: Network is unreachable"), False, "there is no route to it"),
        (Output(2, "", "ping: socket: Operation not permitted"), None, "this user may not send ICMP"),
        (Output(problem="took longer than 9 s"), None, "ping took longer than 9 s"),
        (None, None, "ping is not installed, and no port is given to connect to"),
    ],
)
def test_a_host_that_does_not(answer: Output | None, reached: bool | None, failure: str) -> None:
    found = reach(Fake({"ping": [answer]} if answer else {}))
    assert (found.reached, found.failure, found.route, found.link) == (reached, failure, None, None)


def test_a_name_that_is_not_known() -> None:
    found = reach(Fake(resolves=False))
    assert (found.reached, found.failure) == (False, "the name is not resolved (Name or service not known)")


def test_a_port_that_answers() -> None:
    found = reach(Fake({"ping": [recorded("ping.txt")]}, connects=[9.0]), "192.0.2.2:443")
    assert found.echoes is not None
    assert (found.reached, found.echoes.way, found.failure) == (True, "icmp", "")


def test_connects_serve_where_icmp_does_not() -> None:
    fake = Fake({"ping": [recorded("ping-silent.txt")]}, connects=[9.0, 10.0, None, 12.0])
    found = reach(fake, "192.0.2.2:443")
    assert found.echoes is not None
    assert (found.echoes.way, found.echoes.sent, found.echoes.received, found.echoes.mean_ms) == ("tcp", 3, 2, 11.0)
    assert (found.reached, found.failure) == (True, "")
    assert fake.waited == pytest.approx(0.4)


def test_a_host_that_answers_behind_a_port_that_does_not() -> None:
    found = reach(Fake({"ping": [recorded("ping.txt")]}, connects=[None]), "192.0.2.2:443")
    assert (found.reached, found.failure) == (False, "timed out")


def test_a_port_that_does_not_answer_without_ping() -> None:
    found = reach(Fake(connects=[None, None, None, None]), "192.0.2.2:443")
    assert found.echoes is not None
    assert (found.reached, found.echoes.said, found.failure) == (False, "timed out", "timed out")


def iperf(*outputs: Output) -> Fake:
    return Fake({"iperf3": list(outputs)})


def test_a_line_in_both_directions() -> None:
    down = [carried("UDP", 10, 9.8), carried("UDP", 250, 143), carried("TCP", 50, 20)]
    up = [carried("UDP", 10, 9.8), carried("UDP", 250, 245), carried("UDP", 400, 290), carried("TCP", 50, 20)]
    fake = iperf(*down, *up)
    found = line(fake)
    assert {name: (len(each.streams), each.full, each.faults) for name, each in found.items()} == {
        "down": (3, True, ()),
        "up": (4, True, ()),
    }
    base = ["/usr/bin/iperf3", "-J", "-c", "192.0.2.2", "-p", "5201"]
    small = ["-u", "-w", "212992", "-t", "5", "-b", "10.0M"]
    assert fake.asked[0] == [*base, "-R", *small]
    assert fake.asked[2] == [*base, "-R", "-P", "8", "-b", "50.0M", "-t", "5", "-O", "1"]
    assert fake.asked[3] == [*base, *small]


def test_a_line_with_room_is_not_loaded_beyond_the_limit() -> None:
    once = [carried("UDP", 10, 10), carried("UDP", 250, 250), carried("UDP", 400, 400), carried("TCP", 50, 40)]
    found = line(iperf(*once, *once))
    assert [each.full for each in found.values()] == [False, False]


def test_what_the_node_has_no_room_for_is_asked_of_its_kernel() -> None:
    fake = iperf(*[carried("UDP", 10, 10), carried("UDP", 250, 125), carried("TCP", 50, 40)] * 2)
    counts = [0, 0, 1000, 11000]
    head = "Udp: RcvbufErrors\nUdp: "

    def read(path: str) -> str:
        return f"{head}{counts.pop(0)}" if path == "/proc/net/snmp" else ""

    access = meter.Access(fake.find, fake.execute, read, fake.resolve, fake.connect, fake.wait)
    found = meter.Meter(access, 3, 2.0).line("192.0.2.2", 5201, LOAD)
    assert found["down"].steps[0].own_drops == 10000
    assert found["down"].steps[0].payload_mbps == pytest.approx(145)
    assert found["up"].steps[0].own_drops == 0
    assert counts == []


def test_udp_that_is_kept_back_leaves_tcp() -> None:
    tcp = carried("TCP", 50, 40)
    found = line(iperf(Output(1, BLOCKED), tcp, Output(1, BLOCKED), Output(1, REFUSED)))
    assert [(each.tcp is not None, each.gentle, each.steps) for each in found.values()] == [
        (True, None, ()),
        (False, None, ()),
    ]
    assert [len(each.faults) for each in found.values()] == [1, 2]
    assert found["up"].full is False


def test_a_server_that_is_away() -> None:
    found = line(iperf(Output(1, REFUSED), Output(problem="took longer than 45 s")))
    assert found["down"].faults[0].text.startswith("no iperf3 server listens there")
    assert found["up"].faults == (iperf3.TOO_LONG,)
    assert found["up"].streams == []


def test_a_server_that_is_busy_for_a_moment() -> None:
    once = [carried("UDP", 10, 10), carried("UDP", 250, 120), carried("TCP", 50, 40)]
    fake = iperf(Output(1, BUSY), *once, Output(1, BUSY), Output(1, BUSY), Output(1, BUSY))
    found = line(fake)
    assert found["down"].full
    assert found["up"].faults[0].kind == "busy"
    assert fake.waited == 3 * meter.BUSY_SECONDS


def test_no_iperf3() -> None:
    found = line(Fake())
    assert [each.faults for each in found.values()] == [(iperf3.NOT_INSTALLED,)] * 2


def test_this_machine(tmp_path: Path) -> None:
    """What the meter does by itself: resolve, connect, read and run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert meter.resolve("127.0.0.1", port) == "127.0.0.1"
        assert 0 <= meter.connect("127.0.0.1", port, 5.0) < 5000
    with pytest.raises(OSError, match="refused"):
        meter.connect("127.0.0.1", port, 5.0)
    (tmp_path / "file").write_text("text\n", encoding="utf-8")
    assert meter.read(str(tmp_path / "file")) == "text"
    assert meter.read(str(tmp_path / "none")) == ""
    found = meter.Meter(meter.Access(), 1, 1.0).reach(Place("localhost", "127.0.0.1", port))
    assert (found.reached, found.failure) == (False, "Connection refused")
