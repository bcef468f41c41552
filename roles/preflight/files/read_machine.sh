#!/bin/sh
# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reads what a machine is made of, for machines that Ansible cannot reach; see --help. It needs a POSIX shell and what
# the machine happens to have. Its lists are those of plugins/module_utils/_probes.py, and a test compares them.

set -u
# Nothing is split at blanks; patterns in paths are filled in all the same.
IFS=
LC_ALL=C LANGUAGE=
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANGUAGE PATH

LIMIT=30
NVIDIA=pci.bus_id,name,uuid,serial,memory.total,power.limit,ecc.mode.current,driver_version
CUDA='import ctypes
cuda, number = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
def ask(attribute, card):
    cuda.cuDeviceGetAttribute(ctypes.byref(number), attribute, card)
    return number.value
cuda.cuInit(0)
cuda.cuDeviceGetCount(ctypes.byref(number))
for card in range(number.value):
    print("%04x:%02x:%02x.0 %d" % (ask(50, card), ask(33, card), ask(34, card), ask(16, card)))'
LF='
'
count=0
exec 4>&1

help() {
    cat <<'END'
Reads what this machine is made of and prints it as text. It changes nothing and writes nothing to disk.

  sh read_machine.sh > machine.txt         what is read in a second
  sh read_machine.sh --all > machine.txt   also drives' health, management controller, graphics processors, UPS

Run it as root if you can: without, the firmware's tables (error correction of the memory, serial numbers) and the
health of drives stay unknown. Then take machine.txt, unchanged, to where the collection eucaim.local_node is:

  ansible-playbook eucaim.local_node.preflight -e hardware_file=machine.txt

The file holds serial numbers and network addresses of the machine, and nothing of its data.
END
}

# entry KIND NAME VALUE: one value, which may have several lines
entry() {
    count=$((count + 1))
    printf '%s %s =' "$1" "$2"
    printf '%s\n' "${3:+ $3}" | sed '2,$s/^/| /'
}

# file PATH: print a file; one that cannot be read by its nature, as many of the kernel's, is passed over
file() {
    [ -f "$1" ] || return 0
    if [ ! -r "$1" ]; then
        entry denied "$1" 'Permission denied'
        return 0
    fi
    started=
    {
        while read -r line || [ -n "$line" ]; do
            if [ -n "$started" ]; then
                printf '| %s\n' "$line"
            else
                printf 'file %s = %s\n' "$1" "$line"
                started=yes
            fi
        done
    } 2>/dev/null <"$1"
    if [ -n "$started" ]; then
        count=$((count + 1))
    elif [ ! -s "$1" ]; then
        entry file "$1" ''
    elif line=$(cat "$1" 2>/dev/null) && [ -n "$line" ]; then
        # Some of the kernel's files answer only to whoever asks for more than one byte at a time, as read does not.
        entry file "$1" "$line"
    fi
}

# files FOLDERS NAME...: print these files of each folder
files() {
    folders=$1
    shift
    for folder in $folders; do
        for name in "$@"; do
            # shellcheck disable=SC2086 # a name may be a pattern
            for path in ${folder%/}/$name; do
                file "$path"
            done
        done
    done
}

# links FOLDERS NAME...: print where these links of each folder point; . is the folder itself
links() {
    folders=$1
    shift
    for folder in $folders; do
        for name in "$@"; do
            # shellcheck disable=SC2086 # a name may be a pattern
            for path in $folder/$name; do
                path=${path%/.}
                [ -L "$path" ] && entry link "$path" "$(readlink "$path")"
            done
        done
    done
}

limited() {
    if command -v timeout >/dev/null 2>&1; then
        timeout "$LIMIT" "$@"
    else
        "$@"
    fi
}

# run NAME WHO COMMAND...: print what a command says; WHO is anyone, root, or user for all but root
run() {
    title=$1 who=$2
    shift 2
    [ "$who$uid" != user0 ] || return 0
    if [ "$who" = root ] && [ "$uid" != 0 ]; then
        entry problem "$title" 'needs root'
        return 0
    fi
    if ! command -v "$1" >/dev/null 2>&1; then
        entry problem "$title" 'is not installed'
        return 0
    fi
    count=$((count + 1))
    # What it says is printed inside, so that only its complaints are left for the variable.
    complaints=$(
        {
            said=$(limited "$@" 2>&3 3>&- 4>&- </dev/null)
            code=$?
            if [ "$code" = 124 ]; then
                printf 'problem %s = took longer than %s s\n' "$title" "$LIMIT"
            else
                printf 'command %s = %s\n' "$title" "$code"
                [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/| /'
            fi
        } 3>&1 >&4
    )
    [ -z "$complaints" ] || printf '%s\n' "$complaints" | sed 's/^/! /'
}

# run_on LINES NAME WHO COMMAND...: as run, with lines as further arguments; not at all without any
run_on() {
    more=$1
    shift
    [ -n "$more" ] || return 0
    IFS=$LF
    set -f
    # shellcheck disable=SC2086 # it is to be split
    run "$@" $more
    set +f
    IFS=
}

# drives: print the names of the whole drives
drives() {
    for folder in /sys/block/*; do
        name=${folder##*/}
        case $(readlink "$folder") in '' | */virtual/block/*) continue ;; esac
        case $name in sr[0-9]* | fd[0-9]* | mmcblk*boot* | mmcblk*rpmb* | mmcblk*gp*) continue ;; esac
        [ "$(cat "$folder/hidden" 2>/dev/null)" != 1 ] || continue
        [ "$(cat "$folder/size")" != 0 ] || [ "$(cat "$folder/removable")" != 1 ] || continue
        printf '%s\n' "$name"
    done
}

# nodes: print the device files of the drives and their partitions
nodes() {
    drives | while read -r drive; do
        printf '%s\n' "$drive"
        for part in "/sys/block/$drive/$drive"*; do
            [ ! -e "$part/partition" ] || printf '%s\n' "${part##*/}"
        done
    done | sed 's#!#/#g; s#^#/dev/#'
}

# mount_points: print where file systems of drives are mounted; others, of a server that is away, might never answer
mount_points() {
    while IFS=' ' read -r _ _ device root point rest; do
        rest=${rest#*- }
        case ${rest%% *} in
            squashfs | iso9660 | erofs) continue ;;
            bcachefs | btrfs | zfs) ;;
            *) case $root:$device in /:0:*) continue ;; /:*) ;; *) continue ;; esac ;;
        esac
        printf '%b\n' "$point"
    done </proc/self/mountinfo
}

# behind: print device and type of the drives behind a hardware RAID controller, as far as smartctl finds them
behind() {
    smartctl --scan 2>/dev/null | while IFS=' ' read -r device _ kind _; do
        case $kind in
            nvme*) ;;
            *,*) printf '%s %s\n' "$device" "$kind" ;;
        esac
    done
}

fast() {
    files /proc meminfo swaps self/mountinfo
    files /proc/driver/nvidia version
    files '/proc/driver/nvidia/gpus/*' information
    files /etc os-release
    files /run systemd/container .containerenv
    files / .dockerenv
    files /sys/firmware efi/fw_platform_size devicetree/base/model
    files /sys/hypervisor type
    files /sys/class/dmi/id sys_vendor product_name product_version product_serial board_vendor board_name \
        board_serial chassis_type chassis_serial bios_vendor bios_version bios_date
    files /sys/devices cpu_core/cpus cpu_atom/cpus virtual/misc/kvm/dev
    files /sys/devices/system/cpu online present cpu0/acpi_cppc/nominal_freq
    files '/sys/devices/system/cpu/cpu[0-9]*' topology/physical_package_id topology/thread_siblings_list \
        cpufreq/base_frequency cpufreq/cpuinfo_max_freq cpu_capacity
    files '/sys/devices/system/edac/mc/mc[0-9]*' mc_name
    files '/sys/devices/system/edac/mc/mc[0-9]*/dimm[0-9]*' dimm_edac_mode
    files '/sys/devices/system/edac/mc/mc[0-9]*/rank[0-9]*' dimm_edac_mode
    files '/sys/bus/pci/devices/*' class vendor device mem_info_vram_total
    files '/sys/block/*' dev size removable hidden serial wwid queue/rotational queue/logical_block_size \
        queue/physical_block_size device/vendor device/model device/rev device/serial device/firmware_rev \
        device/wwid device/raid_level dm/name dm/uuid
    files '/sys/block/*/*[0-9]' partition dev size
    files '/sys/block/md*/md' level raid_disks array_state degraded chunk_size layout uuid consistency_policy \
        sync_action sync_completed
    files '/sys/block/md*/md/dev-*' state slot
    files /run/udev/data 'b*'
    files '/sys/class/net/*' address type uevent speed duplex carrier operstate bonding/mode tun_flags

    links '/sys/block/*' . 'slaves/*' 'holders/*'
    links '/sys/block/*/*[0-9]' 'holders/*'
    links '/sys/bus/pci/devices/*' driver
    links '/sys/class/net/*' . device/driver master 'lower_*'
    links /dev/disk/by-id '*'

    run cpuinfo anyone sed '/^$/q' /proc/cpuinfo
    run dmidecode root dmidecode -t 0,1,2,3,4,16,17,39
    run lscpu anyone lscpu
    run lsmem anyone lsmem -b --summary=only
    run lspci anyone lspci -D -mm -nn
    run virtual-machine anyone systemd-detect-virt --vm
    run container anyone systemd-detect-virt --container
    run secure-boot anyone od -An -tu1 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
    run ip-address anyone ip -d -j address
    run ip-route anyone ip -j route show default
    run ip-route-6 anyone ip -6 -j route show default
    run system-state anyone systemctl is-system-running
    run failed-units anyone systemctl list-units --state=failed --plain --no-legend --no-pager
    run kernel-errors root dmesg -k --level=emerg,alert,crit,err
    run kernel-journal user journalctl -b -k -p err -q --no-pager -o cat

    run_on "$(mount_points)" df anyone df -kP
    [ -n "$(ls /run/udev/data/ 2>/dev/null)" ] || run_on "$(nodes)" blkid root blkid -p -o export
    for folder in /sys/block/md*/md; do
        name=${folder%/md}
        name=${name##*/}
        [ ! -d "$folder" ] || run "mdadm $name" root mdadm --detail --export "/dev/$name"
    done
}

slow() {
    run smart-scan root smartctl --scan
    while read -r name; do
        [ -z "$name" ] || run "smartctl $name" root smartctl -j -i -H -A -l ssd "/dev/$name"
    done <<END
$(drives)
END
    while IFS=' ' read -r device kind; do
        [ -z "$kind" ] || run "smartctl $device $kind" root smartctl -j -i -H -A -l ssd -d "$kind" "$device"
    done <<END
$(behind)
END

    run ipmitool-sensors root ipmitool sdr elist all
    run ipmitool-fru root ipmitool fru
    run ipmitool-power root ipmitool dcmi power reading

    run nvidia-smi anyone nvidia-smi --format=csv,noheader,nounits "--query-gpu=$NVIDIA"
    run nvidia-smi-compute anyone nvidia-smi --format=csv,noheader,nounits --query-gpu=pci.bus_id,compute_cap
    run cuda anyone python3 -c "$CUDA"

    run upsc anyone upsc -l
    while read -r name; do
        [ -z "$name" ] || run "upsc $name" anyone upsc "$name"
    done <<END
$(upsc -l 2>/dev/null)
END
}

gather=fast
case ${1:-} in
    -h | --help)
        help
        exit
        ;;
    --all) gather=all ;;
    '') ;;
    *)
        printf 'found %s; needed: --all, --help or nothing\n' "$1" >&2
        exit 2
        ;;
esac

uid=$(id -u)
printf 'eucaim-machine 1\n'
entry fact at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
entry fact host "$(uname -n)"
entry fact kernel "$(uname -r)"
entry fact arch "$(uname -m)"
if [ "$uid" = 0 ]; then entry fact root yes; else entry fact root no; fi
fast
[ "$gather" = fast ] || slow
printf 'end %s\n' "$count"
