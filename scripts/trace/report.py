# SPDX-License-Identifier: MIT
"""report.py - a recording as one HTML file, which a browser opens without a network: `make report`.

The page is scripts/report/bundle.js and style.css; this file makes the data that it shows, columns of numbers that are as small
as they can be. Time in the page is counted in ticks: tick t lies behind the t-th event of the program itself. What other
processes did between two of them is seen at the later one, what they did after the last at the last.

    report.py RECORDING -o FILE.html [-p PROGRAM]
"""

import argparse
import bisect
import html
import json
import os
import re
import sys

import calls
import lives
import model
import schema
import sizes
import source
import spans

PAGE_FILES = os.path.join(source.TOP, "scripts", "report")
DEFAULT_MEMORY_MIB = 128    # of scripts/guest, for a recording that does not tell
NAMES_ONLY = ("file", "resident", "swapped")    # said by the regions and pages that they are about
OTHERS = 20000             # events of all other processes that the page may hold as well
WHOLE_FILE = 400            # lines: a source file up to this length is shown whole
AROUND = 4                  # lines before and after, of a longer one


class Texts:
    """Each text once; in the columns stands its number."""

    def __init__(self):
        self.list, self.numbers = [], {}

    def __call__(self, text):
        if text not in self.numbers:
            self.numbers[text] = len(self.list)
            self.list.append(text)
        return self.numbers[text]


class Report:
    def __init__(self, history, process, folded):
        self.history, self.process = history, process
        self.texts, self.sources, self.places, self.place_list = Texts(), source.Sources(process), {}, []
        started = process.started()
        self.own = [at for at, event in enumerate(history.events) if event.pid == process.pid and at >= started] or [started]
        self.folded = [span for span in folded if span.pid == process.pid and span.last >= started and span.kind not in NAMES_ONLY]
        self.lanes = {region.lane: region for region in process.regions}

    # ---- time and places ----

    def tick(self, at):
        return -1 if at is None else min(bisect.bisect_left(self.own, at), len(self.own) - 1)

    def life(self, life):
        """[born, died) in ticks; None when it was over before the program began."""
        born, died = self.tick(life.born), self.tick(life.died)
        return None if died != -1 and died <= born else (born, died)

    def place(self, pc, at, is_return=False):
        """The number of a row of places."""
        key = (pc, is_return, self.sources.program_at(at))
        if key not in self.places:
            where = self.sources.place(pc, is_return, at)
            self.places[key] = len(self.place_list)
            self.place_list.append([pc, self.texts(where.function), self.texts(where.file), where.line])
        return self.places[key]

    def columns(self, lives, row):
        rows = []
        for life in lives:
            span = self.life(life)
            if span:
                rows.append([*span, *row(life)])
        return [list(column) for column in zip(*rows)]

    # ---- what existed ----

    def regions(self):
        return self.columns(self.process.regions, lambda region: (
            region.start, region.end, region.prot, int(region.shared), self.texts(region.name), region.lane, self.texts(region.why)))

    def runs(self):
        """Of all processes, this one first: what a vfork's child has is its parent's."""
        owners = {}
        for process in (self.process, *self.history.processes.values()):
            for run in process.runs:
                owners.setdefault(id(run), (run, process.pid))
        return self.columns([run for run, _ in owners.values()], lambda run: (
            run.va // lives.PAGE, run.n, run.pfn, run.dpfn, self.texts(run.kind), int(run.counted), owners[id(run)][1]))

    def chunks(self):
        return self.columns(self.process.chunks, lambda chunk: (
            chunk.ptr, chunk.size, chunk.chunk, chunk.chunk_size, self.texts(chunk.path), self.place(chunk.pc, chunk.born, True)))

    def frames(self, memory):
        """`memory`: how many frames there would be if all addresses up to the machine's memory were RAM."""
        end = self.history.ram_end
        absent = [] if end is None else [lives.Frame(0, pfn=pfn, order=order, owner="no_ram", pid=0) for pfn, order in model.blocks(end, memory)]
        return self.columns(absent + self.history.frames, lambda frame: (frame.pfn, frame.order, self.texts(frame.owner), frame.pid))

    def counters(self):
        """The sizes, of the replay, which knows them at every event; the kernel tells them now and then."""
        rows = {self.tick(at): now for at, *now in sizes.curves(self.process)}
        return [list(column) for column in zip(*([tick, *now] for tick, now in rows.items()))]

    def free(self):
        """[ticks], [free frames]: as the kernel told them."""
        told = [pair for process in self.history.processes.values() for pair in process.counters]
        rows = {self.tick(at): rss.free_frames for at, rss in sorted(told, key=lambda pair: pair[0])}
        return [list(rows), list(rows.values())]

    def faults(self):
        return [list(column) for column in zip(*((self.tick(at), n) for at, n in self.process.faults if self.own and at >= self.own[0]))]

    # ---- what happened ----

    def story(self):
        """Columns: kind, first and last tick, depth, row of the parent, row of the cause, details."""
        rows = {span.number: row for row, span in enumerate(self.folded)}
        number = lambda span: rows.get(span.number, -1) if span else -1    # noqa: E731
        columns = [[self.texts(span.kind), self.tick(span.first), self.tick(span.last), span.depth, number(span.parent),
                    number(span.cause), self.details(span)] for span in self.folded]
        return [list(column) for column in zip(*columns)]

    def details(self, span):
        event, text = span.event, self.texts
        tell = getattr(self, "tell_" + span.kind, None)
        if tell:
            return tell(span, event)
        return [text(str(value) if field.kind in ("E", "TEXT", "STRING") else f"{field.name} {shown(field, value)}")
                for field, value in zip(event.kind_of_event.fields, event[4:])]

    def tell_malloc(self, span, event):
        return [event.size, event.ptr, self.texts(event.path), event.chunk_size, self.place(event.pc, span.first, True)]

    def tell_free(self, span, event):
        return [event.ptr, event.chunk_size, self.texts(event.act), self.place(event.pc, span.first, True)]

    def tell_realloc(self, span, event):
        return [event.old_size, event.size, event.old_ptr, event.ptr, self.texts(event.act), self.place(event.pc, span.first, True)]

    def tell_operation(self, span, event):
        return [self.place(event.pc, span.first, True)]

    def tell_mark(self, _, event):
        return [self.texts(event.text), self.texts(event.file), event.line]

    def tell_call(self, span, event):
        begun = next((part.event.path for part in span.children if part.kind == "exec"), None)
        return [self.texts(f'execve("{begun}")' if begun else calls.shown(event)), span.closer.result if span.closer else None, self.place(event.ip, span.first)]

    def region_of(self, va):
        region = next((each for each in self.process.regions[::-1] if each.start <= va < each.end), None)
        return self.texts(region.name if region else "")

    def tell_fault(self, span, event):
        begin, end = span.opener, span.closer
        ended = [self.texts(end.kind), end.pfn, end.tables, end.time_ns] if end else [self.texts("?"), 0, 0, 0]
        started = [begin.error, self.place(begin.ip, span.first), self.texts(begin.from_)] if begin.name == "fault_begin" else [0, -1, self.texts("user")]
        return [event.va, *ended, *started, self.region_of(event.va)]

    def tell_fault_run(self, span, event):
        ip = getattr(span.like.opener, "ip", None) if span.like else None
        return [event.va, self.texts(event.kind), event.pfn, event.n, event.dpfn, event.time_ns, self.region_of(event.va),
                -1 if ip is None else self.place(ip, span.first)]

    def tell_vma_add(self, _, event):
        return [event.start, event.end, event.prot, self.region_of(event.start), self.texts(event.why)]

    def tell_vma_del(self, _, event):
        return [event.start, event.end, self.texts(event.why)]

    def tell_vma_size(self, _, event):
        return [event.start, event.end, event.new_start, event.new_end, self.region_of(event.new_start)]

    def tell_segv(self, span, event):
        return [event.va, event.error, self.place(event.ip, span.first), self.texts(event.reason)]

    def tell_zap(self, _, event):
        return [event.start, event.end, event.pages]

    def tell_frame_alloc(self, _, event):
        return [event.pfn, 1 << event.order, self.texts(event.owner)]

    tell_frame_free = tell_frame_alloc

    def tell_swap_out(self, _, event):
        return [event.va, event.pfn, event.slot, self.region_of(event.va)]

    tell_swap_in = tell_swap_out

    def tell_reclaim(self, _, event):
        return [event.scanned, event.freed]

    def tell_heap_top(self, _, event):
        return [event.old_break, event.new_break, self.texts(event.why)]

    # ---- the source ----

    def source_lines(self):
        """{file: {line: text}} of what the places name, whole files when they are short."""
        wanted = {}
        for _, _, file, line in self.place_list:
            if line:
                wanted.setdefault(self.texts.list[file], set()).update(range(line - AROUND, line + AROUND + 1))
        found = {}
        for file, lines in wanted.items():
            text = source.lines_of(file)
            if len(text) <= WHOLE_FILE:
                lines = range(1, len(text) + 1)
            found[file] = {line: text[line - 1] for line in sorted(lines) if 0 < line <= len(text)}
        return found

    def data(self, facts):
        memory = facts.get("memory_mib", DEFAULT_MEMORY_MIB) * 256
        columns = {"regions": self.regions(), "runs": self.runs(), "chunks": self.chunks(), "frames": self.frames(memory),
                   "counters": self.counters(), "free": self.free(), "faults": self.faults(), "story": self.story()}
        return {
            "program": self.process.name(), "parent": 0 if self.process.execs else self.process.parent, "level": facts.get("level", 3), "path": self.process.path, "pid": self.process.pid,
            "ticks": len(self.own), "times": [self.history.events[at].time - self.history.events[self.own[0]].time for at in self.own],
            "memory": memory, "events": len(self.history.events), "command": f'{facts.get("program", "")} {facts.get("arguments", "")}'.strip(),
            "processes": {process.pid: process.name() for process in self.history.processes.values()},
            **columns, "places": self.place_list, "sources": self.source_lines(), "texts": self.texts.list,
            "differences": len(sizes.differences(self.process))}


def shown(field, value):
    return f"{value:#x}" if field.kind == "X64" else str(value)


def part(name):
    with open(os.path.join(PAGE_FILES, name), encoding="utf-8") as file:
        return file.read()


def page(reports):
    """No text of a recording can be taken for a tag: in the data there is no `<`."""
    parts = {"TITLE": html.escape(reports[0]["program"]), "STYLE": part("style.css"), "LICENSES": part("LICENSES.txt"),
             "WORDS": part("words.json"), "BUNDLE": part("bundle.js").replace("</script", "<\\/script"),
             "DATA": json.dumps(reports, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")}
    return re.sub(r"@([A-Z]+)@", lambda found: parts[found.group(1)], part("page.html"))


def write(folder, path, program=None):
    history = model.replay(schema.Schema().read(folder))
    process = history.find(program)
    if not process:
        raise schema.TraceError(f"{folder}: no program {program or ''} was started in it".replace("  ", " "))
    folded, facts, left = spans.fold(history.events), schema.environment(folder), OTHERS
    reports = [Report(history, process, folded).data(facts)]
    for other in history.processes.values():
        if other is not process and other.path:
            report = Report(history, other, folded)
            left -= len(report.own)
            if left > 0 and report.own:
                reports.append(report.data(facts))
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(reports))


def main():
    parser = argparse.ArgumentParser(prog="report.py", description="A recording as one HTML file.")
    parser.add_argument("recording", metavar="RECORDING")
    parser.add_argument("-o", dest="output", metavar="FILE.html", required=True)
    parser.add_argument("-p", dest="program", metavar="PROGRAM", help="whose memory: a name, a path or a pid (the program that was started first)")
    options = parser.parse_args()
    try:
        write(options.recording, options.output, options.program)
    except (schema.TraceError, OSError) as error:
        sys.exit(f"report: {error}")


if __name__ == "__main__":
    main()
