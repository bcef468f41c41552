#!/bin/sh
# Turns a bare Debian root file system into a throw-away node. Runs inside the
# build container. $1: suite, $2: mirror (empty: the one that the file system came with); the packages follow.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
suite=$1
mirror=${2:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null |
  sed -n 's/^deb \(\[.*\] \)\{0,1\}\(http[^ ]*\) .*/\2/p; s/^URIs: \(http[^ ]*\).*/\1/p' | head -n 1)}
mirror=${mirror%/}
test -n "$mirror" || { echo "no Debian mirror is known: set EUCAIM_DEBIAN_MIRROR" >&2; exit 1; }
shift 2

# What the official image adds for containers has no place on a machine.
rm -f /etc/apt/apt.conf.d/docker-* /etc/dpkg/dpkg.cfg.d/docker* /etc/apt/sources.list /etc/apt/sources.list.d/*
cat > /etc/apt/sources.list.d/debian.sources <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite $suite-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: ${mirror%/debian}/debian-security
Suites: $suite-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES

# Nothing starts while the image is built.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update -q
apt-get dist-upgrade -qy
apt-get install -qy --no-install-recommends "$@"
# Whatever the start brought along beyond that goes, so that both ways of
# building end in the same list.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Essential} ${Package}\n' | awk '$1 == "installed" && $2 == "no" {print $3}')
# shellcheck disable=SC2086
apt-mark auto $installed > /dev/null
apt-mark manual "$@" > /dev/null
apt-get autoremove -qy --purge
rm -f /usr/sbin/policy-rc.d
if ls /usr/local/share/ca-certificates/*.crt > /dev/null 2>&1; then
  update-ca-certificates
fi

# One unprivileged user whose sudo asks for a password; root cannot log in.
# (Debian has a system group of the name operator, so the user joins `users`.)
useradd --create-home --shell /bin/bash --no-user-group --gid users --groups sudo operator
passwd --lock root
printf 'PermitRootLogin no\n' > /etc/ssh/sshd_config.d/10-root.conf

# A container has no console, no firmware and no disks of its own.
systemctl mask getty.target console-getty.service systemd-pstore.service systemd-remount-fs.service \
  dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount

# Every node makes its own identity at its first boot, and knows no packages yet.
rm -f /etc/ssh/ssh_host_*
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/* /var/cache/debconf/*-old /var/lib/dpkg/*-old
find /var/log -type f -delete
