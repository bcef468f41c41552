# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What puts the former firewall back by itself, and the units that load ours at boot (NET-FW).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
The script needs nothing but a shell and the firewall's own tools, because it runs when nobody can reach the node.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

HOME = "/var/lib/eucaim/firewall"
KEPT = f"{HOME}/undo"
PENDING = f"{KEPT}/pending"
LOCK = f"{HOME}/lock"
RUNS = f"{HOME}/runs"
UNDONE = f"{HOME}/undone"
TABLE_FILE = "/etc/eucaim/firewall/eucaim.nft"
SCRIPT = "/usr/local/lib/eucaim/firewall-undo"
UNIT = "/etc/systemd/system/eucaim-firewall.service"
SETTLE = "/etc/systemd/system/eucaim-firewall-settle.service"
NFTABLES_DROP_IN = "/etc/systemd/system/nftables.service.d/eucaim-firewall.conf"
WANTS = "/etc/systemd/system/multi-user.target.wants"
LINKS = {
    f"{WANTS}/eucaim-firewall.service": UNIT,
    f"{WANTS}/eucaim-firewall-settle.service": SETTLE,
}
# What puts the former rules back, and how many seconds after the deadline: the second, in case the first is stopped.
TIMERS = {"eucaim-firewall-undo": 0, "eucaim-firewall-undo-late": 15}

SCRIPT_TEXT = f"""\
#!/bin/sh
# Puts the firewall back as it was before a change that nobody has proven. Written by eucaim.local_node, role firewall.
# It is called by the timer of the run, by the next run, and with --boot before anything of the network is up.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
kept={KEPT}
exec 9> {LOCK}
# A run that confirms holds this for a moment. Whoever holds it longer hangs, and must not keep anybody out.
flock -w 15 9
[ -e "$kept/pending" ] || exit 0
ufw=no firewalld=no input=ACCEPT forward=ACCEPT output=ACCEPT input6=ACCEPT forward6=ACCEPT output6=ACCEPT
. "$kept/before"

# The files, with their owners and permissions.
while read -r path; do
  rm -f -- "$path"
done < "$kept/absent"
while read -r number path; do
  mkdir -p -- "$(dirname -- "$path")"
  cp -a --remove-destination -- "$kept/files/$number" "$path.eucaim-undo" && mv -f -- "$path.eucaim-undo" "$path"
done < "$kept/present"

if [ "${{1:-}}" = --boot ]; then
  # The units that start after this one load what is there now.
  [ "$firewalld" = yes ] || systemctl --no-block stop firewalld.service
else
  systemctl daemon-reload
  if [ -e {TABLE_FILE} ]; then
    nft -f {TABLE_FILE}
  else
    nft delete table inet eucaim 2> /dev/null
    systemctl stop eucaim-firewall.service 2> /dev/null
  fi
  init=/usr/lib/ufw/ufw-init
  [ -x "$init" ] || init=/lib/ufw/ufw-init
  if [ "$ufw" = yes ]; then
    "$init" force-reload
  elif [ -x "$init" ]; then
    "$init" force-stop
    iptables -P INPUT "$input"
    iptables -P FORWARD "$forward"
    iptables -P OUTPUT "$output"
    ip6tables -P INPUT "$input6"
    ip6tables -P FORWARD "$forward6"
    ip6tables -P OUTPUT "$output6"
  fi
  if [ "$firewalld" = yes ]; then
    systemctl start firewalld.service && firewall-cmd --reload
  else
    systemctl stop firewalld.service 2> /dev/null
  fi
fi
if [ -e "$kept/more" ]; then
  sh "$kept/more"
fi
date -u +%Y-%m-%dT%H:%M:%SZ > {UNDONE}
rm -f -- "$kept/pending"
[ "${{1:-}}" = --boot ] || systemctl --no-block stop {" ".join(f"{name}.timer" for name in TIMERS)} 2> /dev/null
exit 0
"""

UNIT_TEXT = f"""\
# Written by eucaim.local_node, role firewall.
[Unit]
Description=EUCAIM: what comes in to containers, and what goes out
Documentation=file:{TABLE_FILE}
DefaultDependencies=no
ConditionPathExists={TABLE_FILE}
After=local-fs.target nftables.service ufw.service eucaim-firewall-settle.service
Before=network-pre.target docker.service podman.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={{nft}} -f {TABLE_FILE}
ExecReload={{nft}} -f {TABLE_FILE}

[Install]
WantedBy=multi-user.target
"""

SETTLE_TEXT = f"""\
# Written by eucaim.local_node, role firewall.
[Unit]
Description=EUCAIM: put the former firewall back when the node went down before a change was proven
DefaultDependencies=no
ConditionPathExists={PENDING}
RequiresMountsFor={HOME}
After=local-fs.target
Before=ufw.service firewalld.service nftables.service eucaim-firewall.service network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh {SCRIPT} --boot

[Install]
WantedBy=multi-user.target
"""

# Whoever starts or reloads nftables.service empties the kernel's rules first: ours, and ufw's.
NFTABLES_TEXT = f"""\
# Written by eucaim.local_node, role firewall: what flushes all rules loads ours again.
[Unit]
Before=ufw.service

[Service]
ExecStartPost=-{{nft}} -f {TABLE_FILE}
ExecStartPost=-/bin/systemctl --no-block try-reload-or-restart ufw.service
ExecReload=-{{nft}} -f {TABLE_FILE}
ExecReload=-/bin/systemctl --no-block try-reload-or-restart ufw.service
ExecStopPost=-{{nft}} -f {TABLE_FILE}
ExecStopPost=-/bin/systemctl --no-block try-reload-or-restart ufw.service
"""


def own_files(nft: str) -> dict[str, str]:
    """Return the files that this role brings beside the firewall's own."""
    return {
        SCRIPT: SCRIPT_TEXT,
        UNIT: UNIT_TEXT.format(nft=nft),
        SETTLE: SETTLE_TEXT,
        NFTABLES_DROP_IN: NFTABLES_TEXT.format(nft=nft),
    }


def before_text(values: Mapping[str, str]) -> str:
    """Return what the script must know of the state before the change, as a shell reads it."""
    return "".join(f"{name}={value}\n" for name, value in sorted(values.items()))


def timer_arguments(name: str, seconds: int) -> list[str]:
    """Return the command that arms one of the undo's timers on the node."""
    return [
        "systemd-run",
        f"--unit={name}",
        f"--on-active={seconds + TIMERS[name]}",
        "--timer-property=AccuracySec=1s",
        # Killed in its middle, it comes again until its work is done.
        "--property=Restart=on-failure",
        "--property=RestartSec=1s",
        "--property=StartLimitIntervalSec=0",
        "--collect",
        "--quiet",
        "/bin/sh",
        SCRIPT,
    ]


def rule_arguments(rule: str, how: str) -> list[str]:
    """Return the arguments of iptables for a rule `table: -A CHAIN ...`; how is -A, -C or -D."""
    table, _colon, words = rule.partition(": ")
    return ["-t", table, how, *shlex.split(words)[1:]]


def back_script(theirs: Mapping[str, Any]) -> str:
    """Return the shell script that puts rules of somebody else back into the kernel, each of them once."""
    lines = []
    for name, text in theirs.get("tables", {}).items():
        lines += [
            "nft -f - <<'EUCAIM'",
            f"table {name}",
            f"delete table {name}",
            *text.rstrip().splitlines(),
            "EUCAIM",
        ]
    for program, rules in theirs.get("iptables", {}).items():
        for rule in rules:
            arguments = rule_arguments(rule, "-A")
            lines.append(f"{program} -t {arguments[1]} -N {shlex.quote(arguments[3])} 2> /dev/null")
            check, add = (shlex.join([program, *rule_arguments(rule, how)]) for how in ("-C", "-A"))
            lines.append(f"{check} 2> /dev/null || {add}")
    return "".join(f"{line}\n" for line in lines)
