# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What scripts/demo and scripts/test need before they can start. To be sourced
# by bash; every function says in one line what it does, does nothing when the
# thing is there already, and ends the script with found/needed/remedy when it
# cannot be had.
# shellcheck shell=bash

ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
CACHE=$ROOT/.cache
VENV=$CACHE/venv
export ROOT CACHE VENV

say() {
  printf '[%(%H:%M:%S)T] %s\n' -1 "$*"
}

refuse() { # refuse FOUND NEEDED REMEDY
  printf 'found: %s\nneeded: %s\nremedy: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

as_root() {
  [ "$(id -u)" = 0 ]
}

apt_install() { # apt_install WHY PACKAGE...
  local why=$1
  shift
  if ! as_root; then
    refuse "no $* and no root" "$why" "as root: apt-get install $*"
  fi
  if ! command -v apt-get > /dev/null; then
    refuse "no $* and no apt-get" "$why" "install $* with this system's package manager"
  fi
  say "installing Debian packages: $* ($why)"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" > "$CACHE/apt.log" 2>&1; then
    # The package lists may be old or missing.
    if ! {
      apt-get update -q
      DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
    } > "$CACHE/apt.log" 2>&1; then
      refuse "apt-get failed: $(tail -n 3 "$CACHE/apt.log" | tr '\n' ' ')" "$*" "see $CACHE/apt.log"
    fi
  fi
}

# The interpreter to work with: $PYTHON, or the first good one.
find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      command -v "$candidate"
      return
    fi
    if [ -n "${PYTHON:-}" ]; then
      break
    fi
  done
  return 1
}

# The newest ansible-core that this interpreter can run is the one pip picks.
ensure_venv() {
  local python wanted stamp
  mkdir -p "$CACHE"
  if ! python=$(find_python); then
    if [ -z "${PYTHON:-}" ] && as_root && command -v apt-get > /dev/null; then
      apt_install "Python" python3 python3-venv
    fi
    python=$(find_python) || refuse "$("${PYTHON:-python3}" --version 2>&1 | head -n 1)" "Python 3.11 or newer" \
      "install one and name it: PYTHON=/path/to/python3.13 scripts/demo"
  fi
  stamp=$VENV/.eucaim-stamp
  wanted=$(
    "$python" -c 'import sys; print(sys.version)'
    cat "$ROOT/tests/requirements.txt"
  )
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x "$VENV/bin/ansible-playbook" ]; then
    say "Python environment: $VENV (there already)"
    return
  fi
  if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    apt_install "virtual environments" "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  say "making a Python environment in $VENV with $("$python" --version) (a minute or two)"
  if [ ! -x "$VENV/bin/python" ] || [ "$("$VENV/bin/python" -c 'import sys; print(sys.version)')" != "$("$python" -c 'import sys; print(sys.version)')" ]; then
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
  fi
  if ! "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check ansible-core \
    --requirement "$ROOT/tests/requirements.txt" > "$CACHE/pip.log" 2>&1; then
    refuse "pip failed: $(tail -n 2 "$CACHE/pip.log" | tr '\n' ' ')" "the packages of tests/requirements.txt" \
      "give pip a way to PyPI or a mirror (PIP_INDEX_URL), see $CACHE/pip.log"
  fi
  printf '%s' "$wanted" > "$stamp"
  say "installed ansible-core $(core_version) and what tests/requirements.txt lists"
}

core_version() {
  "$VENV/bin/python" -c 'from importlib.metadata import version; print(version("ansible-core"))'
}

# The community package `ansible` carries the collections that were released
# with each ansible-core: 2.18 -> 11, 2.19 -> 12 and so on.
ensure_collections() {
  local target=$CACHE/collections/ansible_collections major minor wheel
  local names=(ansible/posix community/crypto community/docker community/general community/library_inventory_filtering_v1)
  local name missing=()
  for name in "${names[@]}"; do
    [ -e "$target/$name/MANIFEST.json" ] || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "collections: $target (there already)"
    return
  fi
  mkdir -p "$target" "$CACHE/wheels"
  IFS=. read -r major minor _ <<< "$(core_version)"
  say "fetching the collections ${missing[*]} from the PyPI package ansible, made for ansible-core $major.$minor"
  wheel=$(find "$CACHE/wheels" -name "ansible-$((minor - 7)).*.whl" 2> /dev/null | sort -V | tail -n 1)
  if [ -z "$wheel" ] && [ "$major" = 2 ]; then
    "$VENV/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --dest "$CACHE/wheels" "ansible==$((minor - 7)).*" > "$CACHE/pip.log" 2>&1 || true
    wheel=$(find "$CACHE/wheels" -name "ansible-$((minor - 7)).*.whl" 2> /dev/null | sort -V | tail -n 1)
  fi
  if [ -n "$wheel" ]; then
    unpack_collections "$wheel" "$CACHE/collections" "${names[@]}"
    rm -f "$wheel"
    return
  fi
  say "PyPI did not give it; asking Ansible Galaxy"
  if ! "$VENV/bin/ansible-galaxy" collection install -r "$ROOT/requirements.yml" -p "$CACHE/collections" \
    > "$CACHE/galaxy.log" 2>&1; then
    refuse "neither PyPI nor Ansible Galaxy gave the collections" "$(printf '%s ' "${missing[@]}")" \
      "put the file ansible-$((minor - 7)).*.whl into $CACHE/wheels, see $CACHE/galaxy.log"
  fi
}

unpack_collections() { # unpack_collections WHEEL FOLDER NAMESPACE/NAME...
  "$VENV/bin/python" - "$@" << 'PYTHON'
import sys
import zipfile

wheel, folder, *names = sys.argv[1:]
wanted = tuple(f"ansible_collections/{name}/" for name in names)
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])
PYTHON
}

ensure_engine() {
  if docker info > /dev/null 2>&1; then
    say "Docker engine: $(docker version --format '{{.Server.Version}}') (there already)"
    return
  fi
  mkdir -p "$CACHE"
  if ! as_root; then
    if command -v docker > /dev/null; then
      refuse "a Docker engine that does not answer this user: $(docker info 2>&1 | tail -n 1)" "a working engine" \
        "start it, join the group docker, or run this as root"
    fi
    refuse "no Docker engine and no root" "a working engine" "install docker.io, or run this as root"
  fi
  command -v dockerd > /dev/null || apt_install "a Docker engine for the throw-away nodes" docker.io iptables
  if ! command -v docker > /dev/null; then
    apt_install "the docker command" docker-cli
  fi
  if [ -d /run/systemd/system ]; then
    say "starting the Docker engine (systemctl start docker)"
    systemctl start docker > "$CACHE/dockerd.log" 2>&1 || true
  else
    say "starting the Docker engine in the background (no systemd here; log: $CACHE/dockerd.log)"
    local file
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
      # An engine that was killed leaves these behind, and the next one would wait for a process that is no more.
      case $(ps -o stat= -p "$(cat "$file" 2> /dev/null || echo 0)" 2> /dev/null || true) in
        '' | Z*) rm -f "$file" ;;
      esac
    done
    ( # It outlives this script, so it must hold none of its pipes and locks open.
      for descriptor in /proc/self/fd/*; do
        descriptor=${descriptor##*/}
        [ "$descriptor" -le 2 ] || eval "exec $descriptor>&-"
      done
      exec setsid nohup dockerd > "$CACHE/dockerd.log" 2>&1 < /dev/null
    ) &
  fi
  local second
  for ((second = 0; second < 60; second++)); do
    if docker info > /dev/null 2>&1; then
      say "Docker engine: $(docker version --format '{{.Server.Version}}')"
      return
    fi
    sleep 1
  done
  refuse "an engine that did not start: $(tail -n 2 "$CACHE/dockerd.log" | tr '\n' ' ')" "a working Docker engine" \
    "see $CACHE/dockerd.log"
}

# Tools beside Python that making and reaching nodes needs.
ensure_tools() {
  command -v ssh-keygen > /dev/null || apt_install "reaching the nodes" openssh-client
  command -v ip > /dev/null || apt_install "reading the routes" iproute2
}
