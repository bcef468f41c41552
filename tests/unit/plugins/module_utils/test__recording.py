# Copyright (c) 2026, EUCAIM local_node contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording survives being written, being sent around, and says what is wrong with it."""

from __future__ import annotations

import pytest
from ansible_collections.eucaim.local_node.plugins.module_utils import _recording as recording
from hypothesis import given, settings
from hypothesis import strategies as st

OUTPUT = recording.Output
TEXT = """eucaim-machine 1
fact at = 2026-01-31T12:00:00Z
fact root = yes
file /sys/block/sda/size = 1000
file /.dockerenv =
file /etc/os-release = NAME=x
| VERSION=1
denied /sys/class/dmi/id/product_serial = Permission denied
link /sys/block/sda = ../devices/pci0000:00/0000:00:17.0/ata1/block/sda
command lsmem = 0
| Total online memory:   34359738368
|
command ipmitool-fru = 1
! Could not open device
! at all
problem smartctl sda = is not installed
end 10
"""


def test_read() -> None:
    """Every kind of entry is read, with further lines and without a value."""
    found = recording.read_recording(TEXT)
    assert found.root
    assert found.facts["at"] == "2026-01-31T12:00:00Z"
    assert found.files["/etc/os-release"] == "NAME=x\nVERSION=1"
    assert found.files["/.dockerenv"] == ""
    assert found.denied == {"/sys/class/dmi/id/product_serial": "Permission denied"}
    assert found.points_to("/sys/block/sda") == "sda"
    assert found.points_to("/sys/block/sdb") is None
    assert found.commands["lsmem"] == OUTPUT(0, "Total online memory:   34359738368\n")
    assert found.commands["ipmitool-fru"] == OUTPUT(1, "", "Could not open device\nat all")
    assert found.commands["smartctl sda"] == OUTPUT(problem="is not installed")
    assert found.said("lsmem") == "Total online memory:   34359738368\n"
    assert found.said("ipmitool-fru") is None
    assert found.said("lspci") is None


@pytest.mark.parametrize(
    "changed",
    ["\ufeff" + TEXT, TEXT.replace("\n", "\r\n"), "\n\n" + TEXT, TEXT + "\n\n"],
    ids=["a mark of bytes", "lines of Windows", "blank lines before", "blank lines behind"],
)
def test_sent_around(changed: str) -> None:
    """What editors and other systems do to a text does not hurt."""
    assert recording.is_recording(changed)
    assert recording.read_recording(changed) == recording.read_recording(TEXT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "found '' in the first line"),
        ("<html>", "found '<html>' in the first line"),
        (TEXT.replace("machine 1", "machine 7"), "a recording that begins with 'eucaim-machine 7'"),
        (TEXT[: TEXT.index("end")], "10 entries and no last line: the file is cut off"),
        (TEXT.replace("end 10", "end 12"), "10 entries, and the last line says '12'"),
        (TEXT.replace("file /sys/block/sda/size = 1000", "/sys/block/sda/size 1000"), "in line 4, which is no entry"),
        (TEXT.replace("fact at", "| fact at"), "in line 2, which is no entry"),
        (TEXT.replace("| VERSION", "! VERSION"), "in line 7, which is no entry"),
    ],
)
def test_refusals(text: str, found: str) -> None:
    """A text that is no recording, or a part of one, is refused with what to do."""
    with pytest.raises(recording.RecordingError) as caught:
        recording.read_recording(text)
    assert found in str(caught.value)
    assert "needed: the whole output of read_machine.sh, format 1; remedy: let read_machine.sh run" in str(caught.value)
    assert not recording.is_recording("{}")


def test_values() -> None:
    """Files are read as texts, numbers and yes or no; what is none of these is not known."""
    found = recording.Recording(
        files={
            "/a": " x \n",
            "/b": "12\n",
            "/c": "0x1f",
            "/d": "1",
            "/e": "0",
            "/f": "",
            "/g": "nonsense",
            "/h": "-1",
            "/i": "08",
        }
    )
    assert [found.read(path) for path in ("/a", "/f", "/z")] == ["x", None, None]
    assert [found.number(path) for path in ("/b", "/c", "/g", "/f", "/z", "/h", "/i")] == [12, 31, *[None] * 4, 8]
    assert [found.flag(path) for path in ("/d", "/e", "/b", "/z")] == [True, False, None, None]
    assert not found.root


def test_folders() -> None:
    """A folder has what was read, could not be read, or is a link below it, in natural order."""
    found = recording.Recording(
        files={"/sys/block/sda10/size": "1", "/sys/block/sda2/size": "1"},
        denied={"/sys/block/secret/size": "Permission denied"},
        links={"/sys/block/sda1": "../devices"},
    )
    assert found.below("/sys/block") == ["sda1", "sda2", "sda10", "secret"]
    assert found.below("/sys/block/") == found.below("/sys/block")
    assert found.below("/sys/block/sda2") == ["size"]
    assert found.below("/proc") == []


values = st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.just("\n"), max_size=30).map(
    lambda text: text.strip("\n \r")
)
names = st.lists(st.sampled_from(["sys", "0000:00:1f.2", "sda-1", "x"]), min_size=1, max_size=3).map("/".join)
outputs = st.one_of(
    st.builds(OUTPUT, st.integers(0, 255), values, values),
    st.builds(OUTPUT, problem=st.sampled_from(["is not installed", "needs root"])),
)


@settings(max_examples=50)
@given(st.dictionaries(names, values), st.dictionaries(names, values), st.dictionaries(st.sampled_from("abc"), outputs))
def test_round_trip(files: dict[str, str], links: dict[str, str], commands: dict[str, recording.Output]) -> None:
    """What is written is read again, whatever lines and blanks the values have."""
    made = recording.Recording({"root": "no"}, files, {}, links, commands)
    assert recording.read_recording(recording.write_recording(made)) == made
