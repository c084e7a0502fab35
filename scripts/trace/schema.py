# SPDX-License-Identifier: MIT
"""schema.py - the event stream's layout, from kernel/trace/events.def: CTF metadata, decoder, encoder.

events.def is the one list of events; nothing here knows any of them. A recording is a folder in CTF 1.8 form: the text file
`metadata`, and one or more files of packets, which babeltrace2 reads as they are:

    packet   u32 magic, 16 bytes uuid, u32 stream_id                                         the packet header
             u64 timestamp_begin, timestamp_end, content_size, packet_size, events_discarded    sizes in bits; the packet context
             records, as events.def says: u16 id, u64 time, u32 pid, u32 tid, u32 cause, payload

Everything is packed, little endian, and times are nanoseconds. The uuid is a hash of the layout: a recording made by another
list of events is refused, not misread.

    for event in schema.read(folder):        # in order of time; event.name, event.time, event.pid, event.cause, event.size, ...

An event is a named tuple; enumerations and texts are strings, and a field with the name of a Python keyword ends in `_`.
"""

import glob
import hashlib
import heapq
import keyword
import os
import re
import struct
import uuid
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFINITIONS = os.path.join(TOP, "kernel", "trace", "events.def")
MAGIC = 0xC1FC1FC1
PACKET = struct.Struct("<I16sIQQQQQ")
HEADER = "HQIII"
CONTEXT = ("time", "pid", "tid", "cause")
NUMBERS = {"U8": "B", "U16": "H", "U32": "I", "U64": "Q", "I64": "q", "X64": "Q", "E": "B", "TEXT": "s"}

Field = namedtuple("Field", "kind name detail")    # detail: the enumeration of an E, the length of a TEXT


class TraceError(Exception):
    """The folder is no recording that this list of events can read; the text says why."""


def text(raw):
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


def parse_field(words):
    kind, inside = re.fullmatch(r"(\w+)\((.*)\)", words).groups()
    parts = [part.strip() for part in inside.split(",")]
    if kind == "E":
        return Field(kind, parts[1], parts[0])
    if kind == "TEXT":
        return Field(kind, parts[1], int(parts[0]))
    return Field(kind, parts[0], None)


class Event:
    """One kind of event: how its record is laid out, and the tuple it becomes."""

    def __init__(self, number, name, level, fields, enums):
        self.number, self.name, self.level, self.fields = number, name, level, fields
        self.string = bool(fields) and fields[-1].kind == "STRING"
        fixed = fields[:-1] if self.string else fields
        formats = [f"{field.detail}s" if field.kind == "TEXT" else NUMBERS[field.kind] for field in fixed]
        self.layout = struct.Struct("<" + HEADER + "".join(formats))
        names = [field.name + ("_" if keyword.iskeyword(field.name) else "") for field in fields]
        self.record = type(name, (namedtuple(name, CONTEXT + tuple(names)),), {"name": name, "kind_of_event": self, "__slots__": ()})
        first = 1 + len(CONTEXT)
        self.labels = [(first + at, enums[field.detail]) for at, field in enumerate(fixed) if field.kind == "E"]
        self.texts = [first + at for at, field in enumerate(fixed) if field.kind == "TEXT"]

    def decode(self, data, offset):
        """(event, offset behind it)"""
        values, end = self.layout.unpack_from(data, offset), offset + self.layout.size
        if self.labels or self.texts or self.string:
            values = list(values)
            for at, labels in self.labels:
                values[at] = labels[values[at]] if values[at] < len(labels) else f"{values[at]}?"
            for at in self.texts:
                values[at] = text(values[at])
            if self.string:
                zero = data.index(b"\0", end)
                values.append(data[end:zero].decode("utf-8", "replace"))
                end = zero + 1
        return self.record._make(values[1:]), end

    def encode(self, event):
        values = [self.number, *event]
        string = values.pop().encode() + b"\0" if self.string else b""
        for at, labels in self.labels:
            values[at] = labels.index(values[at])
        for at in self.texts:
            values[at] = values[at].encode()
        return self.layout.pack(*values) + string


class Schema:
    def __init__(self, path=DEFINITIONS):
        with open(path, encoding="utf-8") as file:
            code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        self.enums = {}
        for inside in re.findall(r"^ENUM\(([^)]*)\)", code, re.M):
            name, *labels = [word.strip() for word in inside.split(",")]
            self.enums[name] = labels
        self.events = {}
        for number, name, level, rest in re.findall(r"^EVENT\((\d+), *(\w+), *(\d+)(.*)\)$", code, re.M):
            fields = [parse_field(words) for words in re.findall(r"\w+\([^)]*\)", rest)]
            self.events[int(number)] = Event(int(number), name, int(level), fields, self.enums)
        self.named = {event.name: event for event in self.events.values()}
        layout = [(event.number, event.name, *event.fields) for event in self.events.values()]
        self.uuid = uuid.UUID(bytes=hashlib.sha256(repr((layout, self.enums)).encode()).digest()[:16], version=4)

    def make(self, name, time, pid=1, tid=None, cause=0, **fields):
        """An event from its name and fields, for recordings that are written and not recorded."""
        return self.named[name].record(time=time, pid=pid, tid=pid if tid is None else tid, cause=cause, **fields)

    def encode(self, event):
        return event.kind_of_event.encode(event)

    # ---- Reading ----

    def decode_packet(self, data, offset=0, where="packet"):
        """([events], offset behind the packet)"""
        try:
            magic, mark, _, _, _, content, size, _ = PACKET.unpack_from(data, offset)
        except struct.error:
            raise TraceError(f"{where}: cut off at byte {offset}") from None
        if magic != MAGIC:
            raise TraceError(f"{where}: no packet begins at byte {offset}")
        if mark != self.uuid.bytes:
            raise TraceError(f"{where}: recorded by another version of kernel/trace/events.def: record it again")
        end, at, events = offset + content // 8, offset + PACKET.size, []
        if end > len(data) or size < content:
            raise TraceError(f"{where}: the packet at byte {offset} is cut off")
        append, kinds = events.append, self.events
        try:
            while at < end:
                event, at = kinds[data[at] | data[at + 1] << 8].decode(data, at)
                append(event)
        except (KeyError, IndexError, ValueError, struct.error):
            raise TraceError(f"{where}: the record at byte {at} is damaged") from None
        return events, offset + size // 8

    def read_file(self, path):
        with open(path, "rb") as file:
            data = file.read()
        offset, events = 0, []
        while offset < len(data):
            more, offset = self.decode_packet(data, offset, path)
            events += more
        return events

    def read(self, folder):
        """All events of a recording, in order of time."""
        if not os.path.isfile(os.path.join(folder, "metadata")):
            raise TraceError(f"{folder}: no recording (it has no file `metadata`): make one with scripts/guest --trace {folder} PROGRAM")
        paths = [path for path in sorted(glob.glob(os.path.join(folder, "*"))) if os.path.basename(path) != "metadata"]
        streams = [self.read_file(path) for path in paths if os.path.isfile(path)]
        return streams[0] if len(streams) == 1 else list(heapq.merge(*streams, key=lambda event: event.time))

    # ---- Writing ----

    def packet(self, events, discarded=0):
        body = b"".join(map(self.encode, events))
        bits = 8 * (PACKET.size + len(body))
        return PACKET.pack(MAGIC, self.uuid.bytes, 0, events[0].time, events[-1].time, bits, bits, discarded) + body

    def write(self, folder, events, environment=None, events_in_packet=1000):
        """A whole recording; `environment`: facts for metadata's env block, numbers and strings."""
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "metadata"), "w", encoding="utf-8") as file:
            file.write(self.metadata(environment))
        with open(os.path.join(folder, "stream"), "wb") as file:
            for first in range(0, len(events), events_in_packet):
                file.write(self.packet(events[first:first + events_in_packet]))

    # ---- Metadata: the TSDL text of CTF 1.8, sections 7 and appendix C ----

    def metadata(self, environment=None):
        facts = {"domain": "kernel", "kernel": "faultline", **(environment or {})}
        lines = [METADATA_START.replace("UUID", str(self.uuid)), "env {"]
        lines += [f"    {name} = {value if isinstance(value, int) else quoted(value)};" for name, value in facts.items()]
        lines += ["};", "", METADATA_STREAM]
        for event in self.events.values():
            fields = "".join(f" {self.declare(field)};" for field in event.fields)
            lines += [f'event {{ name = "{event.name}"; id = {event.number}; stream_id = 0; fields := struct {{{fields} }}; }};']
        return "\n".join(lines) + "\n"

    def declare(self, field):
        """A leading underscore keeps a name from being a word of TSDL; readers drop it."""
        if field.kind == "E":
            labels = ", ".join(f'"{label}" = {value}' for value, label in enumerate(self.enums[field.detail]))
            return f"enum : u8 {{ {labels} }} _{field.name}"
        if field.kind == "TEXT":
            return f"letter _{field.name}[{field.detail}]"
        return f"{'string' if field.kind == 'STRING' else field.kind.lower()} _{field.name}"


def quoted(value):
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


METADATA_START = """\
/* CTF 1.8 */
typealias integer { size = 8; align = 8; } := u8;
typealias integer { size = 16; align = 8; } := u16;
typealias integer { size = 32; align = 8; } := u32;
typealias integer { size = 64; align = 8; } := u64;
typealias integer { size = 64; align = 8; signed = true; } := i64;
typealias integer { size = 64; align = 8; base = hex; } := x64;
typealias integer { size = 8; align = 8; encoding = UTF8; } := letter;

trace {
    major = 1; minor = 8; byte_order = le; uuid = "UUID";
    packet.header := struct { u32 magic; u8 uuid[16]; u32 stream_id; };
};

clock { name = "boot"; description = "nanoseconds since boot"; freq = 1000000000; };
typealias integer { size = 64; align = 8; map = clock.boot.value; } := time;
"""

METADATA_STREAM = """\
stream {
    id = 0;
    packet.context := struct { time timestamp_begin; time timestamp_end; u64 content_size; u64 packet_size; u64 events_discarded; };
    event.header := struct { u16 id; time timestamp; };
    event.context := struct { u32 _pid; u32 _tid; u32 _cause; };
};
"""


def environment(folder):
    """{name: value} of the env block of a recording's metadata."""
    with open(os.path.join(folder, "metadata"), encoding="utf-8") as file:
        block = re.search(r"^env \{\n(.*?)^\};", file.read(), re.S | re.M)
    facts = {}
    for name, string, number in re.findall(r'^    (\w+) = (?:"((?:[^"\\]|\\.)*)"|(-?\d+));', block.group(1) if block else "", re.M):
        facts[name] = int(number) if number else re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), string)
    return facts
