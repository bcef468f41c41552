# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays the vectors of Focus. Focus runs as a process of its own; this suite plays its Beam proxy and its mediator.

A vector is read by its fields: `process` is a start or an end of the program, a `result` with `polls` a fault of the
Beam proxy (told in words by `what`), one with times the work flow, a task body with `result` a query, and a request at
the Beam proxy without `given` one of the calls that every query makes. Vectors with the same settings share a process.

Not compared: the order of header fields, the order of claim and answer and whether there was a claim (they race), the
wording of --help (its headings and the environment variables it names are), further lines of a log that the record cut.
"""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import itertools
import json
import pathlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from standins._http import Request, Response

from ._focus_world import API_KEY, APP_ID, BeamProxy, Call, ClosedPort, Mediator, Program, Put, World
from .outcome import Options, Outcome, Status, Vector

DEFAULT_ENVIRONMENT = {
    "BEAM_PROXY_URL": "http://<beam proxy>",
    "BEAM_APP_ID_LONG": APP_ID,
    "API_KEY": API_KEY,
    "RETRY_COUNT": "3",
    "ENDPOINT_TYPE": "omop",
    "ENDPOINT_URL": "http://<mediator>/eucaim/search",
    "PROVIDER": "Test Provider",
    "PROVIDER_ICON": "aWNvbg==",
    "AUTH_HEADER": "Secret mediator-token",
}
EMPTY_QUERY = base64.b64encode(
    json.dumps(
        {"lang": "ast", "query": base64.b64encode(b'{"ast": {"operand": "OR", "children": []}, "id": "q"}').decode()}
    ).encode()
).decode()
LATE = 6.0  # seconds that a program may be later than recorded: the machine may be busy
MOST_SILENT = 2  # queries without an answer, after which a process is not asked any more
TASK_LOG_LINES = 3  # what the record keeps of one task's log
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_COUNTER = itertools.count()


class Difference(Exception):
    """What differs, with the recorded and the seen value."""


class Silent(Difference):
    """A query got no answer."""


class Unplayable(Exception):
    """Why a vector cannot be played."""


def same(name: str, seen: object, recorded: object) -> None:
    if seen != recorded:
        raise Difference(f"{name}: seen {seen!r}, recorded {recorded!r}")


# --- what the recorded texts say ---------------------------------------------------------------------------------


def raw_body(text: str) -> bytes:
    r"""Bytes of a recorded body; \xNN in it stands for a byte that is no text."""
    pieces = re.split(r"\\x([0-9a-f]{2})", text)
    return b"".join(bytes.fromhex(piece) if index % 2 else piece.encode() for index, piece in enumerate(pieces))


def as_pattern(text: str) -> str:
    """A regular expression for a recorded text with placeholders."""
    pattern = re.escape(text)
    for name, expression in (
        ("<version>", r"[\w.+-]+"),
        ("<built-in icon>", "[A-Za-z0-9+/=]{20,}"),
        ("<port>", r"\d+"),
        ("...", ".*"),
    ):
        pattern = pattern.replace(re.escape(name), expression)
    return pattern


def matches(seen: str, recorded: str) -> bool:
    return seen == recorded or re.fullmatch(as_pattern(recorded), seen, re.DOTALL) is not None


def same_text(name: str, seen: str, recorded: str) -> None:
    if not matches(seen, recorded):
        raise Difference(f"{name}: seen {seen!r}, recorded {recorded!r}")


def same_request(name: str, call: Call, recorded: dict[str, Any], hide: Callable[[str], str]) -> None:
    same(f"{name} method", call.request.method, recorded["method"])
    same(f"{name} path", call.request.target, recorded["path"])
    if "headers" in recorded:
        seen = {key.lower(): value for key, value in call.request.headers.items}
        for dropped in ("host", "connection"):
            seen.pop(dropped, None)
        same(f"{name} header names", sorted(seen), sorted(recorded["headers"]))
        for key, value in recorded["headers"].items():
            same_text(f"{name} header {key}", hide(seen[key]), hide(value))
    body = recorded.get("body")
    if isinstance(body, str):
        same(f"{name} body", call.request.body.decode("utf-8", "replace"), body)
    elif body is not None:
        seen_text = call.request.body.decode("utf-8", "replace")
        same_text(f"{name} body", hide(seen_text), hide(json.dumps(body, separators=(",", ":"), ensure_ascii=False)))


def is_log_line(line: str) -> bool:
    return re.match(r"(TRACE|DEBUG|INFO|WARN|ERROR) ", line) is not None


def without_place(line: str) -> str:
    """A panic's line without the number of the thread and the folders of whoever built the program."""
    return re.sub(r"^(thread '\w+') (?:\(\d+\) )?panicked at (?:\S*/)?(?=[^/\s]+$)", r"\1 panicked at ", line)


def same_process_log(recorded: list[str], seen: list[str], hide: Callable[[str], str]) -> None:
    """Every recorded line is there, in this order. Of a help text: its headings and the variables it names."""
    everything = "\n".join(seen)
    rest = iter([hide(without_place(line)) for line in seen])
    is_help = any(line.startswith("Usage:") for line in recorded)
    for line in recorded:
        if is_help:
            words = re.findall(r"\b[A-Z]+_[A-Z_]+\b", line) or [line.strip()]
            for word in words:
                if word not in everything:
                    raise Difference(f"log: {word!r} is not in the help text")
        elif not any(matches(candidate, hide(without_place(line))) for candidate in rest):
            raise Difference(f"log: no line {line!r} (in this place); seen {seen!r}")


def same_task_log(recorded: list[str], seen: list[str], hide: Callable[[str], str]) -> None:
    expected = [hide(line) for line in recorded]
    if len(expected) < TASK_LOG_LINES and len(seen) != len(expected):
        raise Difference(f"log: seen {seen!r}, recorded {recorded!r}")
    for number, line in enumerate(expected):
        found = hide(seen[number]) if number < len(seen) else ""
        cut = len(line) > 300 and found.startswith(line)
        if not cut:
            same_text(f"log line {number + 1}", found, line)


def alarms(lines: Iterable[str], task: str | None = None) -> list[str]:
    """Warnings and errors, of one task if it is named."""
    return [line for line in lines if re.match(r"(WARN|ERROR) ", line) and (task is None or f"id={task}}}" in line)]


# --- worlds ------------------------------------------------------------------------------------------------------


class Suite:
    def __init__(self, vectors: list[Vector], options: Options) -> None:
        self.options = options
        self.by_id = {vector["id"]: vector for vector in vectors}
        self.default_answer = self._most_common_answer(vectors)
        self.default_body = self._most_common_query(vectors)

    @staticmethod
    def _most_common_answer(vectors: list[Vector]) -> bytes:
        bodies = Counter(
            vector["response"]["body"]
            for vector in vectors
            if vector.get("given") and vector.get("response") and vector["response"].get("status") == 200
        )
        if bodies:
            return bytes(bodies.most_common(1)[0][0].encode())
        for vector in vectors:
            put = (vector.get("request") or {}).get("body")
            if isinstance(put, dict) and put.get("status") == "succeeded":
                return without_provider(base64.b64decode(put["body"]).decode(), DEFAULT_ENVIRONMENT).encode()
        return b'{"collections": []}'

    @staticmethod
    def _most_common_query(vectors: list[Vector]) -> str:
        bodies = Counter(
            vector["given"]["task_body"]
            for vector in vectors
            if vector.get("given", {}).get("task_body") and vector.get("result", {}).get("status") == "succeeded"
        )
        return str(bodies.most_common(1)[0][0]) if bodies else EMPTY_QUERY

    def default_response(self, _request: Request) -> Response:
        return Response(200, [("content-type", "application/json")], self.default_answer)

    def world(self, longest_wait: float = 60.0) -> World:
        return World(BeamProxy(longest_wait), Mediator(self.default_response), ClosedPort())

    def start(self, world: World, environment: dict[str, str | None]) -> Program:
        filled = {name: world.fill(value) for name, value in environment.items() if value is not None}
        log = self.options.workdir / f"focus-{next(_COUNTER)}.log"
        world.program = Program(filled, log, self.options.focus_binary)
        return world.program

    # --- start and end of the program ----------------------------------------------------------------------------

    def play_process(self, vector: Vector) -> None:
        process = vector["process"]
        world = self.world()
        try:
            if "env" in process:
                self._prepare(world, vector)
                self._play_start(world, process)
            elif "stops" in vector["what"] and "Beam proxy" in vector["what"]:
                self._play_stop(world, process)
            else:
                raise Unplayable("no environment is recorded")
        finally:
            world.close()

    @staticmethod
    def _prepare(world: World, vector: Vector) -> None:
        """Mediator and Beam proxy answer with the status that the record shows of them."""
        process = vector["process"]
        log = "\n".join(process.get("log", []))
        shown = re.search(r"<mediator>[^ ]*, status: (\d+)", log)
        shown = shown or re.search(r"mediator answers (\d+)", vector["what"])
        if shown:
            status = int(shown.group(1))
            world.mediator.answer = lambda _request: Response(status, [("content-type", "application/json")], b"{}")
        for _method, path, answered in process.get("beam_calls", []):
            if path == "/v1/health":
                world.beam.health_status = answered
            elif path.startswith("/v1/tasks?") and answered not in (200, 206, 401):
                world.beam.poll_fault = answer_with(answered)

    def _play_start(self, world: World, process: dict[str, Any]) -> None:
        program = self.start(world, process["env"])
        if "exit_code" in process:
            recorded = float(process.get("exit_after_s", 0.0))
            program.wait_for_life()
            alive = time.monotonic()
            same("exit code", program.wait(recorded + LATE + 10), process["exit_code"])
            took = time.monotonic() - program.started
            if took < recorded - 1.0 or time.monotonic() - alive > recorded * 1.05 + LATE:
                raise Difference(f"exit_after_s: seen {took:.1f}, recorded {recorded}")
        else:
            self._wait_while_running(program, float(process["running_after_s"]))
        calls = [[method, target, status] for method, target, status in world.beam.finished_calls()]
        if "beam_calls" in process:
            same("beam_calls", calls, process["beam_calls"])
        if "mediator_calls" in process:
            seen = [(call.request.method, call.request.target) for call in world.mediator.calls]
            same("mediator_calls", [list(pair) for pair in dict.fromkeys(seen)], process["mediator_calls"])
        if "sigterm" in process:
            code, took = program.terminate()
            same("exit code after SIGTERM", code, process["sigterm"]["exit_code"])
            if took > float(process["sigterm"].get("within_s", 0)) + 2.5:
                raise Difference(f"SIGTERM: took {took:.1f} s")
        same_process_log(process.get("log", []), program.lines(), world.hide)

    @staticmethod
    def _wait_while_running(program: Program, seconds: float) -> None:
        """The time counts from the first sign of life, as an interpreter needs a moment more than a binary."""
        program.wait_for_life()
        code = program.wait(seconds)
        if code is not None:
            raise Difference(f"exit code: seen {code}, recorded: still running after {seconds} s")

    def _play_stop(self, world: World, process: dict[str, Any]) -> None:
        program = self.start(world, dict(DEFAULT_ENVIRONMENT))
        if not world.beam.wait_for(lambda: bool(world.beam.polls()), 15):
            raise Difference("no poll came")
        world.beam.server.shutdown()
        self._wait_while_running(program, float(process["running_after_s"]))
        lines = program.lines()
        same_process_log(process.get("log", []), lines, world.hide)
        count = next((value for key, value in process.items() if key.startswith("messages_in_")), None)
        if count is not None:
            same("messages", len(alarms(lines)), count)

    # --- faults of the Beam proxy ---------------------------------------------------------------------------------

    def play_fault(self, vector: Vector) -> None:
        world = self.world(longest_wait=1.0)
        try:
            self._play_fault(world, vector)
        finally:
            world.close()

    def _play_fault(self, world: World, vector: Vector) -> None:
        result = vector["result"]
        # A mediator that needs a moment: the claim is answered before the query, as in the records.
        world.mediator.pause = 0.15
        self._set_fault(world, vector)
        program = self.start(world, dict(DEFAULT_ENVIRONMENT))
        if not world.beam.wait_for(lambda: bool(world.beam.polls()), 15):
            raise Difference("no poll came")
        begin = world.beam.polls()[0].at
        code = program.wait(begin + float(result["seconds"]) - time.monotonic())
        polls, puts, lines = len(world.beam.polls()), list(world.beam.puts), program.lines()
        same("exit_code", code, result["exit_code"])
        at_least = re.match(r"more than (\d+)", str(result["polls"]))
        if at_least:
            if polls <= int(at_least.group(1)):
                raise Difference(f"polls: seen {polls}, recorded {result['polls']}")
        elif abs(polls - int(result["polls"])) > (1 if polls > 2 else 0):
            raise Difference(f"polls: seen {polls}, recorded {result['polls']}")
        for status in sorted({put.status for put in puts} | {status for _unused, status in result["puts"]}):
            seen = [round(put.at - begin, 1) for put in puts if put.status == status]
            recorded = [moment for moment, kind in result["puts"] if kind == status]
            if status == "claimed":
                if len(seen) > len(world.beam.tasks):
                    raise Difference(f"puts claimed: seen at {seen}, recorded at {recorded}")
            elif len(seen) != len(recorded) or any(
                abs(one - other) > 0.9 for one, other in zip(seen, recorded, strict=True)
            ):
                raise Difference(f"puts {status}: seen at {seen}, recorded at {recorded}")
        expected = vector.get("log", [])
        same_task_log(list(dict.fromkeys(expected)), list(dict.fromkeys(alarms(lines))), world.hide)

    def _set_fault(self, world: World, vector: Vector) -> None:
        """The fault that `what` tells in words, and the task for it."""
        what, beam = vector["what"], world.beam
        fault = re.match(r"(poll|claim|result|report of a failure) is (not )?answered ?(\d*)(.*)", what)
        tasks = re.match(r"(\w+) tasks in one list", what)
        change = task_change(what)
        if fault:
            silent, status = fault.group(2) is not None, fault.group(3)
            body = b"<html></html>" if "HTML" in what else b'{"id":"x"}' if "object" in what else b""
            if not body and status in ("200", "206"):
                body = b"[]"
            answer = hang if silent else answer_with(int(status or 200), body)
            if fault.group(1) == "poll":
                beam.poll_fault = answer
                return
            kinds = {"claim": "claimed", "result": "succeeded", "report of a failure": "permfailed"}
            beam.put_faults[kinds[fault.group(1)]] = answer
            beam.post(self._body_for(vector, fault.group(1)), {"project": "eucaim"})
        elif tasks or change is not None:
            for _unused in range(NUMBERS[tasks.group(1)] if tasks else 1):
                beam.post(self.default_body, {"project": "eucaim"}, change)
        else:
            raise Unplayable(f"the fault {what!r} is not understood")

    def _body_for(self, vector: Vector, kind: str) -> str:
        """For a failure: a body that gives the recorded reason."""
        if kind != "report of a failure":
            return self.default_body
        reason = re.search(r"Invalid symbol (\d+), offset (\d+)", "\n".join(vector.get("log", [])))
        return "A" * int(reason.group(2)) + chr(int(reason.group(1))) if reason else "~"

    # --- work flow -------------------------------------------------------------------------------------------------

    def play_flow(self, vector: Vector) -> None:
        world = self.world()
        try:
            if "healthcheck_answered_after_s" in vector["result"]:
                self._play_workers(world, vector)
            elif "first_poll_listed" in vector["result"]:
                self._play_backlog(world, vector)
            else:
                raise Unplayable("this work flow is not understood")
        finally:
            world.close()

    def _play_workers(self, world: World, vector: Vector) -> None:
        needs = re.search(r"(\w+) queries .* needs (\d+) s", vector["what"])
        if needs is None:
            raise Unplayable("what does not tell the queries and the time of the mediator")
        pause = float(needs.group(2))
        world.mediator.pause = pause
        beam = world.beam
        self.start(world, dict(DEFAULT_ENVIRONMENT))
        beam.wait_for(lambda: bool(beam.polls()), 15)
        begin = time.monotonic()
        numbers = []
        for _unused in range(NUMBERS[needs.group(1)]):
            numbers.append(beam.post(self.default_body, {"project": "eucaim"}))
            time.sleep(0.3)
        check = beam.post("", {"project": "focus-healthcheck"})
        beam.wait_for(lambda: any(put.task == check and put.status == "succeeded" for put in beam.puts), pause + 10)
        answered = [put.at - begin for put in beam.puts if put.task == check and put.status == "succeeded"]
        wanted = float(vector["result"]["healthcheck_answered_after_s"])
        if len(answered) != 1 or abs(answered[0] - wanted) > 1.5:
            raise Difference(f"healthcheck_answered_after_s: seen {answered}, recorded {wanted}")
        claimed = sorted(put.at - begin for put in beam.puts if put.status == "claimed" and put.task in numbers)
        recorded = sorted(vector["result"]["claimed_after_s"])
        for seen_at, recorded_at in zip(claimed, recorded, strict=False):
            if abs(seen_at - recorded_at) > 1.5:
                raise Difference(f"claimed_after_s: seen {claimed}, recorded {recorded}")
        same("claims of the queries", len(claimed), len(numbers))
        early = [put.at - begin for put in beam.puts if put.task == check and put.at - begin < wanted - 1.5]
        same("early calls for the last task", early, [])

    def _play_backlog(self, world: World, vector: Vector) -> None:
        beam, result = world.beam, vector["result"]
        listed: list[list[str]] = []
        numbers = [
            beam.post("", {"project": "focus-healthcheck"}) for _unused in range(int(result["first_poll_listed"]))
        ]
        inner = beam.handle

        def watch(request: Request) -> Response | None:
            response = inner(request)
            if request.path == "/v1/tasks" and response is not None and isinstance(response.body, bytes):
                listed.append([task["id"] for task in json.loads(response.body)])
            return response

        beam.server.handler = watch
        self.start(world, dict(DEFAULT_ENVIRONMENT))

        def answered() -> list[str]:
            return [put.task for put in beam.puts if put.status == "succeeded"]

        beam.wait_for(lambda: len(answered()) >= int(result["answered"]), 15)
        same("first_poll_listed", len(listed[0]) if listed else 0, result["first_poll_listed"])
        same("answered", len(set(answered()) & set(numbers)), result["answered"])
        same("first_answered_is_last_listed", answered()[0] == listed[0][-1], result["first_answered_is_last_listed"])

    # --- queries ---------------------------------------------------------------------------------------------------

    def play_queries(self, vectors: list[Vector]) -> list[Outcome]:
        """Vectors of the same settings, one after the other in one process."""
        world = self.world()
        outcomes: list[Outcome] = []
        try:
            program = self.start(world, settings_of(vectors[0]))
            world.beam.wait_for(lambda: bool(world.beam.polls()), 15)
            silent = 0

            def play(vector: Vector) -> None:
                nonlocal silent
                if silent >= MOST_SILENT:
                    raise Difference("the process does not answer any more")
                try:
                    if "given" in vector:
                        self._play_query(world, program, vector)
                    else:
                        self._play_call(world, vector)
                except Silent:
                    silent += 1
                    raise

            outcomes.extend(judged(vector, play) for vector in vectors)
        finally:
            world.close()
        return outcomes

    def _mediator_for(self, vector: Vector) -> Callable[[Request], Response | None]:
        request, response, result = vector.get("request"), vector.get("response"), vector["result"]
        pause = re.search(r"after (\d+) s\b", vector["what"])
        reached = without_provider(result.get("body_decoded") or "", settings_of(vector)).encode()

        def answer(received: Request) -> Response | None:
            if pause:
                time.sleep(float(pause.group(1)))
            if request and received.target != request["path"]:
                # Behind a redirect: what the asker got, without what Focus put in.
                return Response(200, [("content-type", "application/json")], reached)
            if response and response.get("status"):
                return Response(response["status"], list(response["headers"].items()), raw_body(response["body"]))
            if result["status"] != "succeeded":
                return None
            if reached:
                return Response(200, [("content-type", "application/json")], reached)
            return self.default_response(received)

        return answer

    def _play_query(self, world: World, program: Program, vector: Vector) -> None:
        beam, result = world.beam, vector["result"]
        world.mediator.answer = self._mediator_for(vector)
        world.mediator.calls.clear()
        task = beam.post(vector["given"]["task_body"], vector["given"]["task_metadata"])

        def finals() -> list[Put]:
            return [put for put in beam.puts if put.task == task and put.status != "claimed"]

        if not beam.wait_for(lambda: bool(finals()), 15):
            code = program.wait(0)
            raise Silent(f"result: none after 15 s (exit code {code}), recorded {result['status']}")
        final = finals()[0]
        same("result status", final.status, result["status"])
        message = final.message
        self._same_result(message, result)
        calls = list(world.mediator.calls)
        recorded = ([vector["request"]] if vector.get("request") else []) + vector.get("more_requests", [])
        same("requests at the mediator", len(calls), len(recorded))
        for number, (call, request) in enumerate(zip(calls, recorded, strict=True), 1):
            same_request(f"request {number}", call, request, world.hide)
        if "puts" in vector:
            time.sleep(0.05)  # what must not come would be here by then
            kinds = [put["status"] for put in vector["puts"] if put["status"] != "claimed"]
            same("puts", [put.status for put in finals()], kinds)
        if "log" in vector:
            self._wait_for_log(program, task, len(vector["log"]))
            same_task_log(vector["log"], alarms(program.lines(), task), world.hide)

    @staticmethod
    def _wait_for_log(program: Program, task: str, count: int) -> None:
        end = time.monotonic() + 1
        while len(alarms(program.lines(), task)) < count and time.monotonic() < end:
            time.sleep(0.05)

    def _same_result(self, message: dict[str, Any], result: dict[str, Any]) -> None:
        for name in ("metadata", "to"):
            if name in result:
                same(f"result {name}", message[name], result[name])
        reference = re.fullmatch(r"<as in (.+)>", result["body"])
        if reference and reference.group(1) in self.by_id:
            result = self.by_id[reference.group(1)]["result"]
        elif reference:
            seen = base64.b64decode(message["body"], validate=True).decode("utf-8")
            same("result body", without_provider(seen, DEFAULT_ENVIRONMENT), self.default_answer.decode())
            return
        decoded = result.get("body_decoded")
        if decoded is None:
            same_text("result body", message["body"], result["body"])
            return
        seen = base64.b64decode(message["body"], validate=True).decode("utf-8")
        same_text("result body_decoded", seen, decoded)
        if "<" not in result["body"] and "<built-in icon>" not in decoded:
            same("result body", message["body"], result["body"])
        if "decoded_is_json" in result:
            same("decoded_is_json", is_json(seen), result["decoded_is_json"])

    def _play_call(self, world: World, vector: Vector) -> None:
        """One of the calls that Focus makes for every query: found by its method, path and status."""
        beam, recorded = world.beam, vector["request"]
        if not beam.puts:
            world.mediator.pause = 0.15
            beam.post(self.default_body, {"project": "eucaim"})
            beam.wait_for(lambda: any(put.status == "succeeded" for put in beam.puts), 20)
            beam.wait_for(lambda: any(put.status == "claimed" for put in beam.puts), 2)
        status = recorded["body"]["status"] if isinstance(recorded.get("body"), dict) else None
        number = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
        wanted = number.sub("<id>", recorded["path"])
        for call in beam.calls:
            target = number.sub("<id>", call.request.target)
            if call.request.method != recorded["method"] or target != wanted:
                continue
            if status is not None and json.loads(call.request.body)["status"] != status:
                continue
            same_request("request", call, recorded | {"path": call.request.target}, world.hide)
            return
        raise Difference(f"no call {recorded['method']} {recorded['path']} ({status}) came")


def without_provider(text: str, environment: Mapping[str, str | None]) -> str:
    """The answer of the mediator in what the asker got."""
    provider, icon = environment.get("PROVIDER") or "", environment.get("PROVIDER_ICON") or ""
    return text.replace(f'"provider":"{provider}","provider_icon":"{icon}",', "", 1)


def hang(_request: Request) -> None:
    """No answer while the vector is played."""
    time.sleep(30)


def answer_with(status: int, body: bytes = b"") -> Callable[[Request], Response]:
    return lambda _request: Response(status, [("content-type", "application/json")], body)


def task_change(what: str) -> dict[str, object] | None:
    """What is wrong with the task in the list, if `what` tells so."""
    missing = re.match(r"task in the list has no (\w+)", what)
    number = re.match(r"(\w+) is a number", what)
    if missing:
        return {missing.group(1): None}
    if number:
        return {number.group(1): 60}
    return {"further": 1} if "extra field" in what else None


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def settings_of(vector: Vector) -> dict[str, str | None]:
    """The environment for a query vector."""
    given = vector.get("given", {})
    environment: dict[str, str | None] = dict(DEFAULT_ENVIRONMENT)
    environment["ENDPOINT_TYPE"] = given.get("endpoint_type", "omop")
    asked = str((vector.get("request") or {}).get("path", ""))
    if given.get("endpoint_type") == "eucaim-api" and "?" in asked:
        # This type calls ENDPOINT_URL with a question mark and the criteria behind it.
        base = asked.rpartition("?")[0]
        environment["ENDPOINT_URL"] = "http://<mediator>" + ("" if base == "/" else base)
    if "HTTP_PROXY set" in vector["what"]:
        environment["HTTP_PROXY"] = "http://<closed port>"
        if "NO_PROXY" in vector["what"]:
            environment["NO_PROXY"] = "127.0.0.1"
    return environment | (given.get("env") or {})


def needs_database(vector: Vector) -> bool:
    """Whether rows of a real PostgreSQL decided the result."""
    if "sql_error" not in vector:
        return False
    return vector["result"]["status"] != "permfailed" or any("QueryResultBad" in line for line in vector.get("log", []))


def judged(vector: Vector, play: Callable[[Vector], None]) -> Outcome:
    try:
        play(vector)
    except Difference as difference:
        return Outcome(vector["id"], vector["group"], Status.FAIL, str(difference))
    except Unplayable as reason:
        return Outcome(vector["id"], vector["group"], Status.UNPLAYED, str(reason))
    except (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        return Outcome(vector["id"], vector["group"], Status.FAIL, f"{type(error).__name__}: {error}")
    return Outcome(vector["id"], vector["group"], Status.PASS)


def unplayed(vector: Vector, reason: str) -> Outcome:
    return Outcome(vector["id"], vector["group"], Status.UNPLAYED, reason)


def plan(suite: Suite, vectors: list[Vector]) -> tuple[list[tuple[float, Callable[[], list[Outcome]]]], list[Outcome]]:
    """Jobs with the seconds they need, and what is not played."""
    jobs: list[tuple[float, Callable[[], list[Outcome]]]] = []
    shared: dict[str, list[Vector]] = {}
    left: list[Outcome] = []

    def alone(vector: Vector, seconds: float, play: Callable[[Vector], None]) -> None:
        jobs.append((seconds, lambda: [judged(vector, play)]))

    for vector in vectors:
        result = vector.get("result") or {}
        process = vector.get("process") or {}
        if needs_database(vector):
            left.append(unplayed(vector, "needs rows of a PostgreSQL, which the stand-in does not query"))
        elif process and not result:
            seconds = float(process.get("exit_after_s") or process.get("running_after_s") or 1)
            alone(vector, seconds, suite.play_process)
        elif "polls" in result:
            alone(vector, float(result["seconds"]), suite.play_fault)
        elif "healthcheck_answered_after_s" in result or "first_poll_listed" in result:
            alone(vector, 8.0, suite.play_flow)
        elif "task_body" in vector.get("given", {}):
            shared.setdefault(json.dumps(settings_of(vector), sort_keys=True), []).append(vector)
        elif vector.get("request", {}).get("at"):
            shared.setdefault("calls", []).append(vector)
        else:
            left.append(unplayed(vector, "none of the forms that this suite reads"))
    for together in shared.values():
        jobs.append((1 + 0.3 * len(together), functools.partial(suite.play_queries, together)))
    return sorted(jobs, key=lambda job: job[0], reverse=True), left


def run(vectors: list[Vector], options: Options) -> list[Outcome]:
    """Replay *vectors* (a list of records of focus.jsonl or of the same form); outcomes in their order."""
    pathlib.Path(options.workdir).mkdir(parents=True, exist_ok=True)
    suite = Suite(vectors, options)
    jobs, outcomes = plan(suite, vectors)
    # Most jobs wait for the clock, not for the processor.
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.jobs) * 2) as pool:
        for batch in pool.map(lambda job: job[1](), jobs):
            outcomes.extend(batch)
    order = {vector["id"]: number for number, vector in enumerate(vectors)}
    return sorted(outcomes, key=lambda outcome: order[outcome.id])
