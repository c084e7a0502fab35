# SPDX-License-Identifier: MIT
"""The form of a recording: what scripts/trace/schema.py writes, babeltrace2 and schema.py itself read, and damage is told from data."""

import os
import subprocess
import sys
import time

import pytest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "scripts", "trace"))
import schema  # noqa: E402

SCHEMA = schema.Schema()
NUMBERS = {"U8": 0xAB, "U16": 0xABCD, "U32": 0xABCDEF01, "U64": (1 << 64) - 2, "I64": -7, "X64": 0x7FFFB7FF9010}
TEXTS = {"TEXT": "vmrss.c", "STRING": "/bin/vmrss \u6c49"}


def one_of(kind, time_ns, label=-1):
    """An event of this kind, every field with a value that shows its width."""
    values = [{**NUMBERS, **TEXTS}.get(field.kind) or SCHEMA.enums[field.detail][label] for field in kind.fields]
    return SCHEMA.make(kind.name, time_ns, pid=3, tid=4, cause=5, **dict(zip(kind.record._fields[4:], values)))


@pytest.fixture(scope="module")
def all_kinds():
    return [one_of(kind, 1000 + at) for at, kind in enumerate(SCHEMA.events.values())]


def test_what_is_written_is_read_back(all_kinds, tmp_path):
    SCHEMA.write(tmp_path, all_kinds, {"frames": 32768, "program": 'a "b" \\ c'}, events_in_packet=7)
    assert SCHEMA.read(tmp_path) == all_kinds
    assert schema.environment(tmp_path) == {"domain": "kernel", "kernel": "faultline", "frames": 32768, "program": 'a "b" \\ c'}


def test_babeltrace_reads_every_kind_and_field(all_kinds, tmp_path):
    SCHEMA.write(tmp_path, all_kinds, events_in_packet=7)
    read = subprocess.run(["babeltrace2", "--clock-seconds", str(tmp_path)], capture_output=True, text=True, check=True)
    assert read.stderr == ""
    lines = read.stdout.splitlines()
    assert len(lines) == len(all_kinds)
    for event, line in zip(all_kinds, lines):
        assert line.startswith(f"[0.{event.time:09}]")
        assert f" {event.name}: {{ pid = 3, tid = 4, cause = 5 }}, {{" in line
        for field, value in zip(event.kind_of_event.fields, event[4:]):
            shown = f'( "{value}" : container' if field.kind == "E" else f'"{value}"' if field.kind in TEXTS else \
                    f"0x{value:X}" if field.kind == "X64" else f"{value}"
            assert f" {field.name} = {shown}" in line


def test_a_label_that_the_list_lacks_is_shown_as_its_number():
    event = SCHEMA.make("heap_top", 1, old_break=1, new_break=2, why="trim")
    raw = SCHEMA.encode(event)[:-1] + b"\x63"
    assert SCHEMA.named["heap_top"].decode(raw, 0)[0].why == "99?"


def test_several_streams_are_read_in_the_order_of_time(all_kinds, tmp_path):
    SCHEMA.write(tmp_path, all_kinds[::2])
    (tmp_path / "stream1").write_bytes(SCHEMA.packet(all_kinds[1::2]))
    assert SCHEMA.read(tmp_path) == all_kinds


@pytest.mark.parametrize("damage, told", [
    (lambda data: data[:-1], "cut off"),
    (lambda data: data[:30], "cut off"),
    (lambda data: b"\0" + data[1:], "no packet begins at byte 0"),
    (lambda data: data[:4] + b"\0" + data[5:], "another version"),
    (lambda data: data[:schema.PACKET.size] + b"\xff\xff" + data[schema.PACKET.size + 2:], "damaged"),
])
def test_damage_is_told(all_kinds, tmp_path, damage, told):
    SCHEMA.write(tmp_path, all_kinds, events_in_packet=1000)
    stream = tmp_path / "stream"
    stream.write_bytes(damage(stream.read_bytes()))
    with pytest.raises(schema.TraceError, match=told):
        SCHEMA.read(tmp_path)


def test_a_folder_without_metadata_is_no_recording(tmp_path):
    with pytest.raises(schema.TraceError, match="scripts/guest --trace"):
        SCHEMA.read(tmp_path)


def test_a_hundred_thousand_events_are_read_in_a_second(all_kinds, tmp_path):
    events = [event._replace(time=at) for at, event in enumerate(all_kinds * (100000 // len(all_kinds) + 1))]
    SCHEMA.write(tmp_path, events)
    start = time.process_time()
    assert len(SCHEMA.read(tmp_path)) == len(events)
    taken = time.process_time() - start
    print(f"{len(events)} events in {taken:.2f} s")
    assert taken < 1
