# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays the vectors of the Beam proxy and broker, against the stand-ins or against real programs.

The vectors are sorted into scenes, each with a small network of its own, and the scenes run side by side. What a scene
needs is read from the fields and words of its vectors, so that other vectors of the same form play as well.
"""

from __future__ import annotations

import concurrent.futures
import copy
import functools
import json
import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from . import _beam_setup, _compare, _seed
from ._beam_world import Gateway, Remote, World, later
from ._programs import Got, Program, Toolbox, body_bytes, call, faketime, free_port, until
from ._seed import Model, Step
from .outcome import Options, Outcome, Status, Vector

PART = "beam"
KNOWN_APPS = {
    "app1.proxy1": "App1Secret",
    "app2.proxy1": "App1Secret",
    "focus.proxy2": "FocusSecret",
    "probe.proxy2": "ProbeSecret",
    "app1.proxy3": "App3Secret",
}
SWEEP = 7.0
MIB = 1024 * 1024
Report = Callable[[Vector, list[str]], None]


def outcome(vector: Vector, problems: list[str]) -> Outcome:
    status = Status.FAIL if problems else Status.PASS
    return Outcome(vector["id"], vector["group"], status, "; ".join(problems))


def unplayed(vector: Vector, reason: str) -> Outcome:
    return Outcome(vector["id"], vector["group"], Status.UNPLAYED, reason)


def localize(vectors: list[Vector], broker_id: str) -> list[Vector]:
    """The vectors with the recorded broker id replaced by the one in use."""
    if broker_id == "broker.test":
        return copy.deepcopy(vectors)
    text = json.dumps(vectors)
    found: list[Vector] = json.loads(text.replace("broker.test", broker_id).replace("BROKER.TEST", broker_id))
    return found


def rename(vectors: list[Vector], credentials: dict[str, str]) -> list[Vector]:
    """Recorded app ids and keys replaced by those of running programs: {recorded app: 'real app:key'}."""
    for vector in vectors:
        headers = (vector.get("request") or {}).get("headers", {})
        words = str(headers.get("Authorization", "")).split(" ")
        if len(words) == 3 and words[1] in credentials and (vector.get("response") or {}).get("status") != 401:
            words[2] = credentials[words[1]].rpartition(":")[2]
            headers["Authorization"] = " ".join(words)
    text = json.dumps(vectors)
    for recorded, real in credentials.items():
        app = real.rpartition(":")[0]
        text = text.replace(recorded, app).replace(recorded.split(".", 1)[1], app.split(".", 1)[1])
    renamed: list[Vector] = json.loads(text)
    return renamed


def app_keys(vectors: list[Vector], broker_id: str) -> dict[str, tuple[str, str]]:
    """App id -> (proxy, key), as the README names them and as accepted calls use them."""
    found = {f"{app}.{broker_id}": (app.split(".")[1], key) for app, key in KNOWN_APPS.items()}
    for vector in vectors:
        request, response = vector.get("request"), vector.get("response")
        if not request or not response or response.get("status") in (400, 401, 404, 405, None):
            continue
        words = str(request["headers"].get("Authorization", "")).split(" ")
        if len(words) >= 3 and words[0] == "ApiKey" and re.fullmatch(r"proxy[0-9]+", request["at"]):
            found.setdefault(words[1], (request["at"], words[2]))
    return found


def compare_answer(vector: Vector, got: Got) -> list[str]:
    response = vector["response"]
    if response is None:
        return [] if got.timeout else [f"status: recorded no answer, got {got.status}"]
    if got.timeout:
        return [f"status: recorded {response['status']}, got no answer in {got.seconds:.0f} s"]
    if response["status"] != got.status:
        return [f"status: recorded {response['status']}, got {got.status} {got.body[:120]!r}"]
    if got.status is None:
        return []
    body = response["body"]
    text = got.body.decode("utf-8", "replace")
    value: Any = text
    if not isinstance(body, str):
        try:
            value = json.loads(text)
        except ValueError:
            return [f"body: recorded JSON, got {text[:120]!r}"]
    problems = _compare.differences(
        body, value, "body", loose="order is not defined" in str(vector.get("notes")).lower()
    )
    problems += _compare.compare_headers(response["headers"], got.headers, _compare.has_placeholder(body))
    if "after_s" in response:
        problems += _compare.compare_time(response["after_s"], got.seconds, _seed.waits(vector) or got.status == 504)
    return problems


def big_body(vector: Vector, text: str) -> Any:
    """'<task 60 with a body of 8 MiB>' as such a task."""
    found = re.fullmatch(r"<task(?: [0-9]+)? with a body of ([0-9]+) MiB>", text)
    if found is None:
        return text
    location = (vector.get("response") or {}).get("headers", {}).get("location", "")
    app = _seed.caller(vector)
    return {
        "id": location.rpartition("/")[2] or "00000000-0000-4000-8000-000000000999",
        "from": app,
        "to": [app],
        "body": "x" * (int(found.group(1)) * MIB),
        "ttl": "600s",
        "failure_strategy": "discard",
        "metadata": None,
    }


def send(vector: Vector, address: tuple[str, int], limit: float = 240.0) -> Got:
    request = vector["request"]
    body = request["body"]
    if isinstance(body, str):
        body = big_body(vector, body)
    if vector["response"] is None:
        limit = 4.0
    return call(address, request["method"], request["path"], request["headers"], body_bytes(body), limit)


class Player:
    """Common to all scenes."""

    def __init__(
        self, tools: Toolbox, everything: list[Vector], report: Report, urls: dict[str, str] | None = None
    ) -> None:
        self.tools, self.everything, self.report = tools, everything, report
        self.urls = urls or {}
        self.apps = app_keys(everything, tools.broker_id)

    def local_apps(self, proxy: str) -> dict[str, str]:
        return {app.split(".")[0]: key for app, (at, key) in self.apps.items() if at == proxy}

    def hidden(self, world: World | Remote, step: Step) -> str | None:
        """Make a hidden call; a text when it was refused."""
        at, key = self.apps.get(step.app, ("", ""))
        address = world.address(at)
        if address is None:
            return f"setting: no key known for {step.app}"
        headers = {"Authorization": f"ApiKey {step.app} {key}", "Content-Type": "application/json"}
        got = call(address, step.method, step.path, headers, body_bytes(step.body))
        return None if got.status in (201, 204) else f"setting: {step.method} {step.path} got {got.status}"

    def calls(self, world: World | Remote, vector: Vector, steps: list[Step], limit: float = 240.0) -> list[str]:
        """The visible call with its hidden ones before and beside it."""
        request = vector["request"]
        address = world.address(request["at"])
        if address is None:
            return [f"no program called {request['at']} in this scene"]
        problems = [self.hidden(world, step) for step in steps if step.late == 0.0]
        beside = [
            later(step.late, lambda step=step: problems.append(self.hidden(world, step))) for step in steps if step.late
        ]
        got = send(vector, address, limit)
        for thread in beside:
            thread.join()
        return [problem for problem in problems if problem] + compare_answer(vector, got)

    # --- app calls

    def main(self, vectors: list[Vector], name: str) -> None:
        world = Remote(self.urls) if self.urls else self._own_world(name)
        try:
            model = Model(self.apps, vectors)
            expired = False
            for vector in vectors:
                if vector["group"] == "expiry" and not expired:
                    expired = True
                    self._let_expire(world, model, [entry for entry in vectors if entry["group"] == "expiry"])
                problems = self.calls(world, vector, model.before(vector))
                model.played(vector)
                self.report(vector, problems)
        finally:
            world.close()

    def _own_world(self, name: str) -> World:
        world = World(self.tools, name)
        for proxy in ("proxy1", "proxy2"):
            world.start_proxy(proxy, self.local_apps(proxy))
        return world

    def _let_expire(self, world: World | Remote, model: Model, vectors: list[Vector]) -> None:
        """Tasks that the calls on expired ones need: made with a ttl of one second, then let go."""
        model.ttl = "1s"
        needed: list[str] = []
        for vector in vectors:
            body = vector["request"]["body"]
            task_id = _seed.task_of(vector["request"]["path"])[0]
            if vector["request"]["method"] == "POST" and isinstance(body, dict):
                task_id = body.get("id")
            if task_id is not None and task_id not in model.tasks and task_id not in needed:
                needed.append(task_id)
        for task_id in needed:
            body = model.task(task_id)
            body["ttl"] = "1s"
            self.hidden(world, Step(body["from"], "POST", "/v1/tasks", body))
            model.tasks.add(task_id)
        model.ttl = "600s"
        time.sleep(1.3)

    def sweep(self, vectors: list[Vector]) -> None:
        world = World(self.tools, "sweep", sweep=300.0 if self.tools.broker_binary else SWEEP)
        try:
            for proxy in ("proxy1", "proxy2"):
                world.start_proxy(proxy, self.local_apps(proxy))
            open_calls = []
            model = Model(self.apps, vectors, ttl="1s")
            for vector in vectors:
                task_id, results, _unused = _seed.task_of(vector["request"]["path"])
                if task_id is not None and results:
                    self.hidden(world, model._post(task_id) if task_id not in model.tasks else Step("", "", "", {}))
            listing = [vector for vector in vectors if vector["request"]["path"].startswith("/v1/tasks?")]
            waiting = [v for v in vectors if v not in listing and (_seed.wait_seconds(v["request"]["path"]) or 0) > 60]
            rest = [vector for vector in vectors if vector not in listing and vector not in waiting]
            with concurrent.futures.ThreadPoolExecutor(max(1, len(waiting))) as pool:
                for vector in waiting:
                    open_calls.append((vector, pool.submit(self.calls, world, vector, [], 400.0)))
                for vector, future in open_calls:
                    self.report(vector, future.result())
            time.sleep(0 if waiting else world.sweep + 1)
            for vector in rest:
                self.report(vector, self.calls(world, vector, []))
            for vector in listing:
                app = _seed.caller(vector)
                body = model.task("00000000-0000-4000-8000-0000000000fe")
                body.update({"from": self._sender(app), "to": [app], "ttl": "4s"})
                step = Step(body["from"], "POST", "/v1/tasks", body)
                self.report(vector, self.calls(world, vector, [step]))
        finally:
            world.close()

    def _sender(self, app: str) -> str:
        return next(name for name, (at, _unused) in self.apps.items() if name != app and at in ("proxy1", "proxy2"))

    # --- proxy3

    def crash(self, vectors: list[Vector]) -> None:
        world = World(self.tools, "crash")
        try:
            for name in ("proxy1", "proxy2", "proxy3"):
                world.enrol(f"{name}.{self.tools.broker_id}")
            for vector in vectors:
                name = vector["request"]["at"]
                if name not in world.proxies or not world.proxies[name][0].running:
                    world.start_proxy(name, self.local_apps(name))
                problems = self.calls(world, vector, [])
                self.report(vector, problems + self._ended(world.proxies[name][0], vector))
        finally:
            world.close()

    def _ended(self, program: Program, vector: Vector) -> list[str]:
        """Whether the program ended as recorded after a call."""
        process = vector.get("process") or {}
        dead = vector["response"] is not None and vector["response"]["status"] is None
        code = program.exit_code(10 if dead else 0.2)
        problems = []
        if "exit_code" in process and process["exit_code"] != code:
            problems.append(f"process.exit_code: recorded {process['exit_code']}, got {code}")
        elif not dead and "exit_code" not in process and code is not None:
            problems.append(f"process: went on when recorded, ended with {code} now")
        lines = [line for line in process.get("log", []) if "panicked at" not in line]
        return problems + _compare.missing_lines(lines, program.log())

    def upstream(self, vectors: list[Vector]) -> None:
        world = World(self.tools, "upstream")
        try:
            world.enrol(f"proxy3.{self.tools.broker_id}")
            gateway = world.gateway()
            for vector in vectors:
                name = vector["request"]["at"]
                if name not in world.proxies or not world.proxies[name][0].running:
                    gateway.answer = None
                    world.start_proxy(name, self.local_apps(name), gateway)
                gateway.attempts = 0
                upstream = vector.get("upstream") or {}
                gateway.answer = upstream.get("answer") or derived_answer(vector)
                problems = self.calls(world, vector, [])
                if "attempts" in upstream and upstream["attempts"] != gateway.attempts:
                    problems.append(f"upstream.attempts: recorded {upstream['attempts']}, got {gateway.attempts}")
                self.report(vector, problems + self._ended(world.proxies[name][0], vector))
        finally:
            world.close()

    def down(self, vectors: list[Vector], blackhole: bool) -> None:
        world = World(self.tools, "blackhole" if blackhole else "down")
        try:
            name = vectors[0]["request"]["at"]
            world.enrol(f"{name}.{self.tools.broker_id}")
            gateway: Gateway = world.gateway()
            world.start_proxy(name, self.local_apps(name), gateway)
            time.sleep(0.5)
            if blackhole:
                gateway.blackhole()
            else:
                gateway.close()
            for vector in vectors:
                self.report(vector, self.calls(world, vector, []))
        finally:
            world.close()

    # --- processes

    def starts(self, every: list[list[Vector]]) -> None:
        """Starts that need nothing special share one network."""
        world = World(self.tools, "starts", start_broker=False)
        try:
            for chain in every:
                _beam_setup.issue_for(world, chain[0])
            world.start_broker()
            for chain in every:
                self.chain(chain, world)
        finally:
            world.close()

    def chain(self, vectors: list[Vector], world: World | None = None) -> None:
        """A start and what follows on the same program."""
        own = world is None
        world = world or World(self.tools, vectors[0]["id"], start_broker=False)
        running: Program | None = None
        setup: _beam_setup.Setup | None = None
        begun = time.monotonic()
        try:
            for number, vector in enumerate(vectors):
                process, request = vector.get("process") or {}, vector.get("request")
                if request is None or ("env" in process and not running):
                    reuse = setup is not None and "central pki issued" not in str(vector["what"]).lower() and own
                    if reuse and setup is not None and running is not None and not running.running:
                        key_file, life = world.key_file, setup.ends_at
                    elif own:
                        key_file, life = _beam_setup.issue_for(world, vector)
                        begun = time.monotonic()
                        if world.broker is None:
                            world.start_broker()
                    else:
                        key_file, life = world.key_file, 0.0
                    setup = _beam_setup.prepare(world, vector, key_file)
                    setup.ends_at = life
                    if running is not None:
                        running.kill()
                    running = world.start_program(setup.environment, setup.offset, setup.resolve)
                    last = number + 1 == len(vectors) or vectors[number + 1].get("request") is None
                    ends = begun + life if life else 0.0
                    self.report(vector, self._watch(world, running, setup, vector, ends if last else 0.0))
                    continue
                if setup is None or running is None:
                    self.report(vector, ["no program was started before this call"])
                    continue
                self.report(vector, self._later_call(world, running, setup, vector, begun))
        finally:
            if running is not None:
                running.kill()
            for held in setup.held if setup else []:
                held.close()
            if own:
                world.close()

    def _watch(
        self, world: World, program: Program, setup: _beam_setup.Setup, vector: Vector, ends: float
    ) -> list[str]:
        """Whether a started program ends or goes on as recorded."""
        process = vector["process"]
        lines = process.get("log", [])
        if "exit_code" in process:
            code = program.exit_code(process.get("exit_after_s", 0) + 25)
            problems = (
                []
                if code == process["exit_code"]
                else [f"process.exit_code: recorded {process['exit_code']}, got {code}"]
            )
            if self.tools.real:
                # Whether a program that ends still tells that its control channel broke is a matter of chance.
                lines = [line for line in lines if "Error getting control tasks" not in line]
            return problems + _compare.missing_lines(lines, program.log())
        pauses = re.findall(r"Retrying in ([0-9]+)s", "\n".join(lines))
        patience = float(process.get("running_after_s", 3)) + 15

        def silent() -> bool:
            text = program.log()
            got = re.findall(r"Retrying in ([0-9]+)s", text)
            return not _compare.missing_lines(lines, text) and got[: len(pauses)] == pauses

        problems = []
        health = process.get("health")
        if health is not None and health != "closed":
            until(lambda: world.health(setup.port) == health or not program.running, patience)
        until(lambda: silent() or not program.running, patience)
        if ends:
            time.sleep(max(0.0, ends + 2 - time.monotonic()))
        if not program.running:
            problems.append(f"process: went on when recorded, ended with {program.exit_code(0)} now")
        if health is not None and (got := world.health(setup.port)) != health:
            problems.append(f"process.health: recorded {health}, got {got}")
        problems += _compare.missing_lines(lines, program.log())
        got_pauses = re.findall(r"Retrying in ([0-9]+)s", program.log())[: len(pauses)]
        if got_pauses != pauses:
            problems.append(f"process.log: recorded pauses {pauses}, got {got_pauses}")
        if "sigterm" in process:
            code = program.terminate(process["sigterm"].get("within_s", 0) + 10)
            if code != process["sigterm"]["exit_code"]:
                problems.append(f"process.sigterm: recorded {process['sigterm']['exit_code']}, got {code}")
        return problems

    def _later_call(
        self, world: World, program: Program, setup: _beam_setup.Setup, vector: Vector, begun: float
    ) -> list[str]:
        what = str(vector["what"]).lower()
        address = (self.tools.host, setup.port)
        if re.search(r"second process|another port", what):
            twin = dict(setup.environment)
            port = free_port(self.tools.host)
            twin["BIND_ADDR"] = f"{self.tools.host}:{port}"
            second = world.start_program(twin)
            until(lambda: world.health(port) == 200, 30)
            problems = compare_answer(vector, send(vector, (self.tools.host, port)))
            return problems + ([] if program.running and second.running else ["process: one of the two has ended"])
        if "after the certificate ended" in what:
            time.sleep(max(0.0, begun + setup.ends_at + 1.5 - time.monotonic()))
        if "revoked while" in what:
            for serial in world.pki.authority.certificates():
                world.pki.authority.revoke(serial)
            limit = float(vector["process"].get("after_s_at_most", 62)) + 5
            end = time.monotonic() + limit
            got = send(vector, address)
            while got.status is not None and time.monotonic() < end:
                time.sleep(0.5)
                got = send(vector, address)
            return compare_answer(vector, got) + self._ended(program, vector)
        problems = compare_answer(vector, send(vector, address))
        return problems + self._ended(program, vector)

    def sigterm(self, vector: Vector) -> None:
        """A long poll is open when the proxy gets SIGTERM."""
        world = World(self.tools, vector["id"])
        try:
            app = _seed.caller(vector)
            short, name = app.split(".")[:2]
            key = vector["request"]["headers"]["Authorization"].split(" ")[2]
            world.enrol(f"{name}.{self.tools.broker_id}")
            port = world.start_proxy(name, {short: key})
            program = world.proxies[name][0]
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                future = pool.submit(send, vector, (self.tools.host, port))
                time.sleep(1.0)
                asked = time.monotonic()
                program.process.terminate()
                time.sleep(1.0)
                fresh = call((self.tools.host, port), "GET", "/v1/health", {}, None, 5)
                problems = compare_answer(vector, future.result())
            process = vector["process"]
            code = program.exit_code(15)
            if code != process.get("exit_code"):
                problems.append(f"process.exit_code: recorded {process.get('exit_code')}, got {code}")
            problems += _compare.compare_time(process.get("exit_after_s", 0.0), time.monotonic() - asked, True)
            if "new_connection_meanwhile" in process and fresh.status is not None:
                problems.append(f"process.new_connection_meanwhile: recorded refused, got {fresh.status}")
            self.report(vector, problems)
        finally:
            world.close()

    def unhealthy(self, vector: Vector) -> None:
        """The proxy starts while the broker answers 503 on its health."""
        world = World(self.tools, vector["id"])
        try:
            gateway = world.gateway()
            gateway.health = 503
            environment = world.proxy_environment(
                f"proxy7.{self.tools.broker_id}", {"app1": "k"}, free_port(self.tools.host), gateway.port
            )
            program = world.start_program(environment)
            setup = _beam_setup.Setup(environment, int(environment["BIND_ADDR"].rpartition(":")[2]))
            self.report(vector, self._watch(world, program, setup, vector, 0.0))
        finally:
            world.close()

    # --- broker

    def broker_start(self, vectors: list[Vector]) -> None:
        world = World(self.tools, "broker-start", start_broker=False)
        try:
            for vector in vectors:
                what = str(vector["what"])
                environment = world.broker_environment()
                environment.pop("NO_PROXY")
                if "token" in what:
                    environment["PKI_APIKEY_FILE"] = "/nonexistent/x"
                elif "root" in what:
                    environment["ROOTCERT_FILE"] = "/nonexistent/x"
                for name in re.findall(r"\bno ([A-Z_]+)", what):
                    for key in [key for key in environment if key == name or (name == "PKI" and key == "PKI_ADDRESS")]:
                        del environment[key]
                program = self.tools.start("broker", environment, world.directory)
                world.programs.append(program)
                self.report(vector, self._watch(world, program, _beam_setup.Setup({}, 0), vector, 0.0))
        finally:
            world.close()

    def broker(self, vectors: list[Vector]) -> None:
        """Calls at a broker with proxies that are online or not, as the answers need it."""
        monitoring = None if any((v["response"] or {}).get("status") == 501 for v in vectors) else "MonitorSecret"
        world = World(self.tools, "broker", monitoring=monitoring)
        names = ["proxy1", "proxy2"]
        try:
            online: set[str] = set()
            for name in names:
                world.start_proxy(name, self.local_apps(name))
                online.add(f"{name}.{self.tools.broker_id}")
            world.wait_online(online)
            for vector in vectors:
                wanted = self._wanted_online(vector, online)
                for gone in online - wanted:
                    world.proxies[gone.split(".")[0]][0].terminate(10)
                for new in wanted - online:
                    world.start_proxy(new.split(".")[0], self.local_apps(new.split(".")[0]) or {"app1": "k"})
                if wanted != online:
                    world.wait_online(wanted)
                online = wanted
                self.report(vector, compare_answer(vector, send(vector, world.broker_address)))
        finally:
            world.close()

    def _wanted_online(self, vector: Vector, online: set[str]) -> set[str]:
        path, response = vector["request"]["path"], vector["response"] or {}
        if path == "/v1/health/proxies" and isinstance(response.get("body"), list):
            return set(response["body"])
        found = re.fullmatch(r"/v1/health/proxies/([^/?]+)", path)
        if found and response.get("status") == 503:
            return online - {urllib.parse.unquote(found.group(1))}
        if found and response.get("status") == 200:
            return online | {urllib.parse.unquote(found.group(1))}
        return online

    def broker_end(self, vectors: list[Vector]) -> None:
        """The broker gets SIGTERM, is down, and starts again."""
        world = World(self.tools, "broker-end")
        try:
            for name in ("proxy1", "proxy2"):
                world.start_proxy(name, self.local_apps(name))
            model = Model(self.apps, vectors)
            down = restarted = False
            for vector in vectors:
                what = str(vector["what"]).lower()
                steps = model.before(vector) if not down and "restart" not in what else []
                for step in steps:
                    self.hidden(world, step)
                broker = world.broker
                if broker is None:
                    raise RuntimeError("no broker")
                if "sigterm" in what:
                    later(1.0, broker.process.terminate)
                elif "stopped" in what and not down:
                    broker.terminate(2)
                    broker.kill()
                    down = True
                elif "restart" in what and (down or broker.running):
                    if not restarted:
                        broker.terminate(2)
                        broker.kill()
                        world.start_broker()
                    down, restarted = False, True
                if vector["request"]["at"] == "broker":
                    self.report(vector, compare_answer(vector, send(vector, world.broker_address)))
                else:
                    self.report(vector, self.calls(world, vector, []))
                if "sigterm" in what:
                    broker.terminate(3)
                    broker.kill()
                    down = True
        finally:
            world.close()

    def sealed(self, vector: Vector) -> None:
        world = World(self.tools, vector["id"])
        try:
            (world.pki.authority.directory / "sealed").touch()
            until(lambda: world.broker_status() == 503, 75, 0.3)
            time.sleep(1.0)
            self.report(vector, compare_answer(vector, send(vector, world.broker_address)))
        finally:
            world.close()

    def vault_down(self, vector: Vector) -> None:
        world = World(self.tools, vector["id"], start_broker=False)
        try:
            world.pki.server.shutdown()
            world.start_broker(wait=False)
            until(lambda: b"unreachable" in world.call_broker("GET", "/v1/health", {}, None, 5).body, 40)
            self.report(vector, compare_answer(vector, send(vector, world.broker_address)))
        finally:
            world.close()


def derived_answer(vector: Vector) -> dict[str, Any]:
    """'broker side answers 503html to ...' without a field that says what it was."""
    found = re.search(r"answers ([0-9]{3})(html|json)?", str(vector["what"]))
    body = (vector["response"] or {}).get("body") or "<html></html>"
    kind = "application/json" if found and found.group(2) == "json" else "text/html"
    return {"status": int(found.group(1)) if found else 500, "content-type": kind, "body": body}


def _kind_of_start(process: dict[str, Any]) -> str:
    program = process.get("program")
    if program == "proxy":
        return "chain" if "env" in process else "unhealthy"
    return "broker start" if program == "broker" else "unknown"


def _kind_at_broker(vector: Vector, what: str) -> str:
    body = (vector.get("response") or {}).get("body")
    vault = body.get("vault") if isinstance(body, dict) else None
    if vault in ("lockedorsealed", "unreachable"):
        return "sealed" if vault == "lockedorsealed" else "vault down"
    ending = re.search(r"sigterm|stopped|restart", what) and "after one proxy stopped" not in what
    return "broker end" if ending else "broker"


# Words in 'what' (or the start of the id) that tell the scene of an app call.
_SCENES = (
    (r"broker side answers|broker side closes", "upstream"),
    (r"does not answer the tcp connect", "blackhole"),
    (r"port closed|while the broker is down", "down"),
    (r"^sweep-|\b(is|was) removed\b", "sweep"),
)


def kind_of(vector: Vector) -> str:
    """Which kind of scene a vector belongs to."""
    request, what = vector.get("request"), str(vector["what"]).lower()
    if request is None:
        return _kind_of_start(vector.get("process") or {})
    at = request["at"]
    if at == "proxy":
        return "sigterm" if "sigterm" in what else "chain"
    if at == "broker" or (at != "proxy3" and re.search(r"\bbroker (gets sigterm|is stopped|restart)", what)):
        return _kind_at_broker(vector, what)
    if "upstream" in vector:
        return "upstream"
    for words, kind in _SCENES:
        if re.search(words, what) or re.match(words, vector["id"]):
            return kind
    return {"proxy1": "main", "proxy2": "main", "proxy3": "crash"}.get(at, "unknown")


def chains(vectors: list[Vector]) -> list[list[Vector]]:
    """Starts with what follows on them: calls at 'proxy', and further starts of one certificate's life."""
    found: list[list[Vector]] = []
    for vector in vectors:
        first = found[-1][0] if found else None
        follows = vector.get("request") is not None
        if first is not None and vector["group"] == first["group"] == "certificate life" and not follows:
            same = _beam_setup.own_id(vector) == _beam_setup.own_id(first)
            follows = same and vector["id"].split("-")[0] == first["id"].split("-")[0] and len(found[-1]) > 1
        if first is not None and follows:
            found[-1].append(vector)
        else:
            found.append([vector])
    return found


def split_main(vectors: list[Vector]) -> list[list[Vector]]:
    """The broker was empty again where the lists of tasks begin."""
    for number, vector in enumerate(vectors):
        if vector["id"] == "list-no-params" or vector["group"] == "list tasks":
            return [part for part in (vectors[:number], vectors[number:]) if part]
    return [vectors] if vectors else []


Job = tuple[Callable[[], None], list[Vector]]


def plan(player: Player, kinds: dict[str, list[Vector]]) -> list[Job]:
    """The scenes of a run, the slow ones first."""
    jobs: list[Job] = []

    def add(played: list[Vector], action: Callable[..., None], *arguments: Any) -> None:
        if played:
            jobs.append((functools.partial(action, *arguments), played))

    for vector in kinds.get("blackhole", []):
        add([vector], player.down, [vector], True)
    for number, part in enumerate(split_main(kinds.get("main", []))):
        add(part, player.main, part, f"main-{number}")
    for name, scene in (("sweep", player.sweep), ("crash", player.crash), ("broker end", player.broker_end)):
        add(kinds.get(name, []), scene, kinds.get(name, []))
    every = chains(kinds.get("chain", []))
    special = [chain for chain in every if _beam_setup.is_special(chain[0])]
    for chain in sorted(special, key=lambda chain: -len(chain)):
        add(chain, player.chain, chain)
    usual = [chain for chain in every if chain not in special]
    usual.sort(key=lambda chain: -float((chain[0].get("process") or {}).get("running_after_s", 0) or 0))
    for start in range(4):
        share = usual[start::4]
        add([vector for chain in share for vector in chain], player.starts, share)
    add(kinds.get("upstream", []), player.upstream, kinds.get("upstream", []))
    add(kinds.get("down", []), player.down, kinds.get("down", []), False)
    calls = kinds.get("broker", [])
    no_key = [vector for vector in calls if (vector["response"] or {}).get("status") == 501]
    add(no_key, player.broker, no_key)
    with_key = [vector for vector in calls if vector not in no_key]
    add(with_key, player.broker, with_key)
    add(kinds.get("broker start", []), player.broker_start, kinds.get("broker start", []))
    alone: dict[str, Callable[[Vector], None]] = {
        "sigterm": player.sigterm,
        "unhealthy": player.unhealthy,
        "sealed": player.sealed,
        "vault down": player.vault_down,
    }
    for name, action in alone.items():
        for vector in kinds.get(name, []):
            add([vector], action, vector)
    return jobs


def run(vectors: list[Vector], options: Options) -> list[Outcome]:
    """Play all vectors; one outcome for each, in their order."""
    tools = Toolbox(options.workdir / PART, options.beam_proxy_binary, options.beam_broker_binary)
    local = rename(localize(vectors, tools.broker_id), options.credentials)
    results: dict[str, Outcome] = {}

    def report(vector: Vector, problems: list[str]) -> None:
        results[vector["id"]] = outcome(vector, problems)

    kinds: dict[str, list[Vector]] = {}
    for vector in local:
        reason = not_playable(vector, tools, options.urls)
        if reason is None:
            kinds.setdefault(kind_of(vector), []).append(vector)
        else:
            results[vector["id"]] = unplayed(vector, reason)

    def guarded(job: Job) -> None:
        try:
            job[0]()
        except (RuntimeError, OSError, ValueError, KeyError, StopIteration) as error:
            for vector in job[1]:
                problem = f"the scene broke: {type(error).__name__}: {error}"
                results.setdefault(vector["id"], outcome(vector, [problem]))

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        player = Player(tools, local, report, options.urls)
        for future in [pool.submit(guarded, job) for job in plan(player, kinds)]:
            future.result()
    for vector in local:
        results.setdefault(vector["id"], unplayed(vector, "no scene knows how to play this form"))
    return [results[vector["id"]] for vector in vectors]


def not_playable(vector: Vector, tools: Toolbox, urls: dict[str, str]) -> str | None:
    """Why a vector cannot be played in this run, or None."""
    if urls and (kind_of(vector) != "main" or vector["request"]["at"] not in urls):
        return "needs programs that the suite starts itself; running ones were given by --url"
    if (vector.get("process") or {}).get("clock_offset") and tools.proxy_binary and faketime() is None:
        return "a real program's clock cannot be shifted here (faketime is not installed)"
    return None
