# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What puts the former firewall back."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.eucaim.local_node.plugins.module_utils import _firewall_undo as undo


def test_every_file_is_there() -> None:
    files = undo.own_files("/usr/sbin/nft")
    assert set(files) == {undo.SCRIPT, undo.UNIT, undo.SETTLE, undo.NFTABLES_DROP_IN}
    assert "ExecStart=/usr/sbin/nft -f /etc/eucaim/firewall/eucaim.nft" in files[undo.UNIT]
    assert not [path for path, text in files.items() if "{nft}" in text]
    assert set(undo.LINKS.values()) == {undo.UNIT, undo.SETTLE}


def test_the_timer_is_to_the_second() -> None:
    arguments = undo.timer_arguments("eucaim-firewall-undo", 45)
    assert "--on-active=45" in arguments
    assert "--timer-property=AccuracySec=1s" in arguments
    assert arguments[-2:] == ["/bin/sh", undo.SCRIPT]


def test_an_undo_that_was_killed_comes_again() -> None:
    assert {"--property=Restart=on-failure", "--property=StartLimitIntervalSec=0"} <= set(
        undo.timer_arguments("eucaim-firewall-undo", 45)
    )


def test_a_second_timer_comes_after_the_first() -> None:
    assert "--on-active=60" in undo.timer_arguments("eucaim-firewall-undo-late", 45)
    assert "systemctl --no-block stop eucaim-firewall-undo.timer eucaim-firewall-undo-late.timer" in undo.SCRIPT_TEXT


def test_what_flushes_all_rules_loads_ours_again() -> None:
    text = undo.own_files("/usr/sbin/nft")[undo.NFTABLES_DROP_IN]
    for moment in ("ExecStartPost", "ExecReload", "ExecStopPost"):
        assert f"{moment}=-/usr/sbin/nft -f {undo.TABLE_FILE}" in text
        assert f"{moment}=-/bin/systemctl --no-block try-reload-or-restart ufw.service" in text


def test_the_state_before_is_shells() -> None:
    assert undo.before_text({"ufw": "yes", "input": "DROP"}) == "input=DROP\nufw=yes\n"


def run(tmp_path: Path, *arguments: str) -> list[str]:
    """Run the script in a folder that stands for the node, its tools only writing down that they were called."""
    script = undo.SCRIPT_TEXT
    for path in (undo.HOME, "/etc/", "/usr/lib/ufw", "/lib/ufw"):
        script = script.replace(f"={path}", f"={tmp_path}{path}").replace(f" {path}", f" {tmp_path}{path}")
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("systemctl", "nft", "iptables", "ip6tables", "firewall-cmd"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    script = script.replace("PATH=/usr/sbin:", f"PATH={tools}:/usr/sbin:")
    subprocess.run(["sh", "-s", "--", *arguments], input=script, text=True, check=True, timeout=30)
    calls = tmp_path / "calls"
    return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []


def former(tmp_path: Path, before: str) -> Path:
    """Lay out what an armed undo keeps: one file that was there, one that was not."""
    kept = Path(f"{tmp_path}{undo.KEPT}")
    (kept / "files").mkdir(parents=True)
    etc = tmp_path / "etc" / "ufw"
    etc.mkdir(parents=True)
    (etc / "user.rules").write_text("new", encoding="utf-8")
    (etc / "added").write_text("new", encoding="utf-8")
    (kept / "files" / "0").write_text("old", encoding="utf-8")
    (kept / "files" / "0").chmod(0o640)
    (kept / "present").write_text(f"0 {etc}/user.rules\n", encoding="utf-8")
    (kept / "absent").write_text(f"{etc}/added\n", encoding="utf-8")
    (kept / "before").write_text(before, encoding="utf-8")
    (kept / "pending").write_text("soon\n", encoding="utf-8")
    init = tmp_path / "usr" / "lib" / "ufw" / "ufw-init"
    init.parent.mkdir(parents=True)
    init.write_text(f'#!/bin/sh\necho "ufw-init $*" >> {tmp_path}/calls\n', encoding="utf-8")
    init.chmod(0o755)
    return etc


def test_nothing_pending_changes_nothing(tmp_path: Path) -> None:
    etc = former(tmp_path, "")
    Path(f"{tmp_path}{undo.PENDING}").unlink()
    assert run(tmp_path) == []
    assert (etc / "added").exists()


def test_the_former_rules_are_loaded_again(tmp_path: Path) -> None:
    etc = former(tmp_path, "ufw=yes\n")
    calls = run(tmp_path)
    assert (etc / "user.rules").read_text(encoding="utf-8") == "old"
    assert (etc / "user.rules").stat().st_mode & 0o777 == 0o640
    assert not (etc / "added").exists()
    assert "ufw-init force-reload" in calls
    assert "nft delete table inet eucaim" in calls
    assert not Path(f"{tmp_path}{undo.PENDING}").exists()
    assert Path(f"{tmp_path}{undo.UNDONE}").read_text(encoding="utf-8").endswith("Z\n")


def test_where_there_was_none_there_is_none_again(tmp_path: Path) -> None:
    former(tmp_path, "ufw=no\nforward=DROP\n")
    calls = run(tmp_path)
    assert "ufw-init force-stop" in calls
    assert "iptables -P FORWARD DROP" in calls
    assert "iptables -P INPUT ACCEPT" in calls
    assert "systemctl stop firewalld.service" in calls


def test_a_former_table_is_loaded(tmp_path: Path) -> None:
    former(tmp_path, "firewalld=yes\n")
    table = Path(f"{tmp_path}{undo.TABLE_FILE}")
    table.parent.mkdir(parents=True)
    table.write_text("table", encoding="utf-8")
    Path(f"{tmp_path}{undo.KEPT}/more").write_text(f"echo more >> {tmp_path}/calls\n", encoding="utf-8")
    calls = run(tmp_path)
    assert f"nft -f {table}" in calls
    assert "firewall-cmd --reload" in calls
    assert calls[-2] == "more"


def test_at_boot_the_units_load_what_is_there(tmp_path: Path) -> None:
    etc = former(tmp_path, "ufw=yes\n")
    calls = run(tmp_path, "--boot")
    assert (etc / "user.rules").read_text(encoding="utf-8") == "old"
    assert calls == ["systemctl --no-block stop firewalld.service"]


def test_rules_of_somebody_else_are_put_back_once() -> None:
    words = "INPUT -p tcp -m comment --comment 'the $(PACS)' -j ACCEPT"
    rule = 'filter: -A INPUT -p tcp -m comment --comment "the $(PACS)" -j ACCEPT'
    script = undo.back_script(
        {"tables": {"inet hospital": "table inet hospital {\n}\n"}, "iptables": {"iptables": [rule]}}
    )
    assert script.splitlines() == [
        "nft -f - <<'EUCAIM'",
        "table inet hospital",
        "delete table inet hospital",
        "table inet hospital {",
        "}",
        "EUCAIM",
        "iptables -t filter -N INPUT 2> /dev/null",
        f"iptables -t filter -C {words} 2> /dev/null || iptables -t filter -A {words}",
    ]
    assert undo.back_script({}) == ""
    assert undo.rule_arguments(rule, "-D")[:4] == ["-t", "filter", "-D", "INPUT"]
