# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What puts the former network settings back by itself (NET-ADDR).

Private to this collection: nothing outside may import it. Pure: no Ansible, no I/O.
The script needs nothing but a shell and the manager's own tools, because it runs when nobody can reach the node.
"""

from __future__ import annotations

HOME = "/var/lib/eucaim/network"
FORMER = f"{HOME}/former"
NEXT = f"{HOME}/next"
PENDING = f"{HOME}/pending"
UNDONE = f"{HOME}/undone"
LOCK = f"{HOME}/lock"
NONCE = "/run/eucaim-network-nonce"
SCRIPT = "/usr/local/lib/eucaim/network-switch"
SETTLE = "/etc/systemd/system/eucaim-network-settle.service"
LINK = "/etc/systemd/system/sysinit.target.wants/eucaim-network-settle.service"
APPLY = "eucaim-network-apply"
# What puts the former settings back, and how many seconds after the deadline: the second, in case the first is stopped.
TIMERS = {"eucaim-network-undo": 0, "eucaim-network-undo-late": 15}
# The module has to be back at the control machine before its connection may break.
APPLY_SECONDS = 2

SCRIPT_TEXT = f"""\
#!/bin/sh
# Goes over to other network settings, or back to the former ones. Written by eucaim.local_node, role network.
#   network-switch apply NONCE   by the run of that nonce, over a timer, because its connection may break
#   network-switch undo NONCE    by a timer, when nobody has proven that the node can be reached
#   network-switch boot          before anything of the network is up, when the node went down meanwhile
PATH=/usr/sbin:/usr/bin:/sbin:/bin
what=$1
run=$2
home={HOME}

# Whether the change that waits for its proof is the one that this was started for.
ours() {{
  [ -e {PENDING} ] || return 1
  [ -n "$run" ] || return 0
  nonce=
  read -r _deadline nonce _digest < {PENDING}
  [ "$nonce" = "$run" ]
}}

if [ "$what" = undo ]; then
  systemctl kill --signal=KILL "{APPLY}-$run.service" 2> /dev/null
  systemctl --no-block stop "{APPLY}-$run.timer" "{APPLY}-$run.service" 2> /dev/null
fi
exec 9> {LOCK}
# A run that confirms holds this for a moment. Whoever holds it longer hangs, and must not keep the undo out.
flock -w 15 9 || [ "$what" != apply ] || exit 1
ours || exit 0
folder=$home/former
[ "$what" != apply ] || folder=$home/next

# What is started here stays, and must not hold the lock.
[ "$what" = boot ] || sh "$folder/before" 9>&-

# The files, with their owners and permissions. A disk may be full, or a file may be kept from being changed.
failed=
while read -r path; do
  rm -f -- "$path" || failed=yes
done < "$folder/absent" || failed=yes
while read -r number path; do
  mkdir -p -- "$(dirname -- "$path")"
  # Not -a: what SELinux makes of a file is that of the place to which it goes.
  cp -p --remove-destination -- "$folder/files/$number" "$path.eucaim-new" && mv -f -- "$path.eucaim-new" "$path" ||
    {{ rm -f -- "$path.eucaim-new"; failed=yes; }}
  if command -v restorecon > /dev/null; then restorecon -- "$path" || :; fi
done < "$folder/present" || failed=yes
# A power cut must not take back half of it. Not all file systems: one on the network would wait for the network.
sync -f /etc $home || sync

if [ "$what" != boot ]; then
  sh "$folder/after" 9>&-
elif command -v netplan > /dev/null; then
  # What it makes of its files was made of the new ones, before any unit was started.
  netplan generate
fi
# Settings that are half there are none to be proven, and what is half undone is tried again.
[ -z "$failed" ] || exit 1
if [ "$what" = apply ]; then
  cat "$home/nonce" > {NONCE}
  exit 0
fi
# Without the lock another run may have begun.
ours || exit 0
date -u +%Y-%m-%dT%H:%M:%SZ > {UNDONE}
rm -f -- {PENDING} {NONCE} || exit 1
[ "$what" = boot ] || systemctl --no-block stop {" ".join(f'"{name}-$run.timer"' for name in TIMERS)} 2> /dev/null
exit 0
"""

SETTLE_TEXT = f"""\
# Written by eucaim.local_node, role network.
[Unit]
Description=EUCAIM: put the former network settings back when the node went down before a change was proven
DefaultDependencies=no
ConditionPathExists={PENDING}
RequiresMountsFor={HOME}
After=local-fs.target
Before=network-pre.target systemd-networkd.service NetworkManager.service networking.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/sh {SCRIPT} boot

[Install]
WantedBy=sysinit.target
"""


def unit(name: str, run: str) -> str:
    """Return a unit's name, which no other run has: new timers are there before the old ones go."""
    return f"{name}-{run}"


def timers(run: str) -> list[str]:
    """Return the timers of a run's undo."""
    return [f"{unit(name, run)}.timer" for name in TIMERS]


def _timer(name: str, run: str, seconds: int, *more: str) -> list[str]:
    """Return the command that lets the node run the script after some seconds, whoever is connected by then."""
    return [
        "systemd-run",
        f"--unit={unit(name, run)}",
        f"--on-active={seconds}",
        "--timer-property=AccuracySec=100ms",
        # A client of DHCP that is started on the way stays when the script has ended.
        "--property=KillMode=process",
        *more,
        "--collect",
        "--quiet",
        "/bin/sh",
        SCRIPT,
    ]


def apply_arguments(run: str) -> list[str]:
    """Return the command that arms the change itself. It does not come again: what ends in its middle is undone."""
    return [*_timer(APPLY, run, APPLY_SECONDS), "apply", run]


def undo_arguments(name: str, run: str, seconds: int) -> list[str]:
    """Return the command that arms one of the undo's timers."""
    # Killed in its middle, or kept from writing, it comes again until its work is done.
    again = ["Restart=on-failure", "RestartSec=5s", "StartLimitIntervalSec=0"]
    return [*_timer(name, run, seconds + TIMERS[name], *(f"--property={each}" for each in again)), "undo", run]
