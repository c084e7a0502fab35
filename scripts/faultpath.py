#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultpath.py - the functions that a reader passes from the page fault's entry to the page-table entry, and their lines.

It reads the sources, because inlining hides functions from the objects. A function's lines run from its first line to
its closing brace, with the comments inside. The path is:

  - the entry in arch/x86/entry.asm, and from trap() each function of trap.c that leads to fault();
  - fault() and everything below it in the files of PATH, whatever kind of region it is for: a call through a pointer,
    `->fault(...)`, counts as a call of every function that a table gives to `.fault`; and one of
    `fault_way` as one of fault(), to which it leads while nobody watches (TRACE_WAYS).

What is called in other files ends the path. It is named, so that nothing hides, but a reader need not enter it: the
frame allocator (page_alloc), locks, the page source behind a file, the growing of a stack's region, what is done after a
refusal, and UNDO: what is called only when memory ran out on the way. Fails above LIMIT.
"""

import os
import re
import sys
from collections import defaultdict, namedtuple

import tool

LIMIT = 350
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
KERNEL = os.path.join(ROOT, "kernel")
ENTRY, FRONT, GOAL = "arch/x86/entry.asm", "trap.c", "fault"
STUBS = ("trap_stub", "trap_common")
PATH = ("mm/fault.c", "mm/pmap.h", "mm/aspace.h", "mm/aspace.c", "mm/anon.c", "mm/swapin.c", "mm/filemap.c", "mm/vma.c", "mm/vma.h", "mm/pmap.c", "mm/pt.c")
UNDO = {"tables_undo"}

Function = namedtuple("Function", "name file first last calls")

HEAD = re.compile(r"^[A-Za-z_][\w \t*]*?\**(\w+)\(")
CALL = re.compile(r"(->|\.)?\b(\w+)\(")
TWO_WAYS = re.compile(r"^TRACE_WAYS\((\w+), (\w+),", re.MULTILINE)
IN_TABLE = re.compile(r"\.(\w+)\s*=\s*(\w+)\b")
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "defined", "assert", "static_assert", "offsetof"}


def without_comments(text):
    """The same lines, with comments and strings blanked."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.DOTALL)


def functions_of(file, text):
    """The functions that a file defines: a head at the left margin, then `{` and `}` alone there."""
    lines = without_comments(text).split("\n")
    head = None
    for number, line in enumerate(lines, 1):
        if line == "{" and head:
            start, name = head
            end = next(n for n in range(number, len(lines) + 1) if lines[n - 1].startswith("}"))
            body = "\n".join(lines[number:end])
            yield Function(name, file, start, end, calls_of(body))
            head = None
        elif (match := HEAD.match(line)) and not line.rstrip().endswith(";"):
            head = (number, match.group(1))
        elif line.endswith(";") or line.startswith(("#", "}")):
            head = None


def calls_of(body):
    """Names called; one called through a pointer has a `->` in front."""
    return [("->" if arrow else "") + name for arrow, name in CALL.findall(body) if name not in KEYWORDS]


def assembly_of(file, text):
    """Labels and macros of an assembly file, up to the next empty line; with what they jump to, call or expand."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"^(?:%macro\s+)?(\w+)(?::| [\d*-]+$)", line)
        if not match or line.startswith("%assign"):
            continue
        name = match.group(1) if not match.group(1).startswith("trap_stub") else "trap_stub"
        macro = line.startswith("%macro")
        end = next(n for n in range(number, len(lines) + 1)
                   if (lines[n - 1].startswith("%endmacro") if macro else not lines[n - 1].strip()))
        words = [re.split(r"\s+", text.strip()) for text in lines[number:end]]
        yield Function(name, file, number, end if macro else end - 1, [w[0] for w in words] + [w[1] for w in words if len(w) > 1])


def read():
    """(functions by name, table entries by member): static functions of the same name in two files are an error."""
    functions, tables = {}, defaultdict(list)
    for where, _, names in os.walk(KERNEL):
        for name in sorted(names):
            path = os.path.join(where, name)
            file = os.path.relpath(path, KERNEL)
            if not name.endswith((".c", ".h")) and file != ENTRY:
                continue
            with open(path, encoding="utf-8") as source:
                text = source.read()
            found = assembly_of(file, text) if file == ENTRY else functions_of(file, text)
            for function in found:
                functions.setdefault(function.name, []).append(function)
            if name.endswith(".c"):
                for member, target in IN_TABLE.findall(without_comments(text)):
                    tables["->" + member].append((file, target))
                for pointer, quiet in TWO_WAYS.findall(text):
                    tables[pointer].append((file, quiet))
    return functions, tables


class Graph:
    def __init__(self):
        self.functions, self.tables = read()

    def look_up(self, name, file):
        """The function of that name as `file` sees it: its own static one first."""
        candidates = self.functions.get(name, [])
        own = [function for function in candidates if function.file == file]
        return (own or candidates or [None])[0]

    def callees(self, function):
        for call in dict.fromkeys(function.calls):
            if call in self.tables:
                for file, target in self.tables.get(call, []):
                    if file in PATH and (found := self.look_up(target, file)):
                        yield found
            elif (found := self.look_up(call, function.file)) and found != function:
                yield found

    def leads_to(self, function, goal, seen=()):
        """The functions of trap.c from `function` to the goal, [] if it does not get there."""
        for callee in self.callees(function):
            if callee.name == goal:
                return [function]
            if callee.file == FRONT and callee not in seen:
                rest = self.leads_to(callee, goal, (*seen, callee))
                if rest:
                    return [function, *rest]
        return []


def trace(graph):
    """(functions on the path in reading order, names where it ends)."""
    path, ends = [], {}
    for name in STUBS:
        path.append(graph.look_up(name, ENTRY))
        path += [f for f in map(lambda call: graph.look_up(call, ENTRY), path[-1].calls)
                 if f and f.file == ENTRY and f not in path and f.name in ("push_each", "clac_site")]
    front = graph.leads_to(graph.look_up("trap", FRONT), GOAL)
    if not front:
        sys.exit("faultpath: trap() does not lead to fault(): the script no longer fits the kernel")
    path += front

    def visit(function):
        path.append(function)
        for callee in graph.callees(function):
            if callee in path:
                continue
            if callee.file in PATH and callee.name not in UNDO:
                visit(callee)
            else:
                ends.setdefault(callee.name, callee.file)

    visit(graph.look_up(GOAL, "mm/fault.c"))
    return path, ends


def main():
    path, ends = trace(Graph())
    if not any(function.name == "pmap_enter" for function in path):
        sys.exit("faultpath: fault() does not lead to pmap_enter(): the script no longer fits the kernel")
    total = 0
    for function in path:
        lines = function.last - function.first + 1
        total += lines
        place = f"kernel/{function.file}:{function.first}-{function.last}"
        print(f"  {function.name:28} {place:42} {lines:4} {total:5}")
    print("  it ends at: " + ", ".join(sorted(ends)))
    print(f"fault path: {total} lines in {len(path)} functions, at most {LIMIT}")
    if total > LIMIT:
        sys.exit(1)


if __name__ == "__main__":
    tool.run(main)
