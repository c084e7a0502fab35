#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""layers.py [BUILD] - holds the kernel against kernel/layers.txt: lower layers never use higher ones.

Four things fail:
  - an object that uses a symbol which a higher layer defines (the linker's view, so headers cannot hide it);
  - a file that includes a header of a higher layer;
  - a loop among the files of one layer, where "a uses b" means: a's object needs a symbol of b's, or a's header
    includes b's (a .c file that only reads another's types makes no loop);
  - a file that stands in no layer.

A file here is what a reader sees as one: page.c and page.h are `mm/page`. The objects come from build/kernel.
"""

import os
import re
import sys
from collections import defaultdict

import tool
from elf import SHN_UNDEF, STB_LOCAL, Elf

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
KERNEL = os.path.join(ROOT, "kernel")
INCLUDE = re.compile(r'^\s*[#%]\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


class Layers:
    """The list: which layer a file is in, and which upward arrows are allowed."""

    def __init__(self, path):
        self.places, self.names, self.exceptions, self.used = {}, [], [], set()
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                line = line.split("#")[0].strip()
                if line.startswith("up:"):
                    self._exception(line[3:], number)
                elif line:
                    self._layer(line)

    def _layer(self, line):
        name, _, places = line.partition(":")
        for place in places.split():
            self.places[place] = len(self.names)
        self.names.append(name)

    def _exception(self, text, number):
        arrow, _, reason = text.partition(":")
        source, _, targets = arrow.partition("->")
        if not targets or not reason.strip():
            sys.exit(f"layers.txt:{number}: an exception is `up: FILE -> FILE...: why`")
        self.exceptions.append((number, source.strip(), targets.replace(",", " ").split()))

    def of(self, file):
        """The layer's number; None when the file stands in no layer."""
        matches = [place for place in self.places if matches_place(file, place)]
        return self.places[max(matches, key=len)] if matches else None

    def allows(self, source, target):
        for number, low, highs in self.exceptions:
            if matches_place(source, low) and any(matches_place(target, high) for high in highs):
                self.used.add(number)
                return True
        return False


def matches_place(file, place):
    return file.startswith(place) if place.endswith("/") else file == place


def stem(path):
    """kernel-relative name without suffix: mm/page.c, mm/page.h, mm/page.o -> mm/page; entry.asm.o -> entry."""
    return re.sub(r"(\.asm)?\.[a-z]+$", "", path)


def files_under(folder, suffixes):
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.relpath(os.path.join(where, name), folder)


def resolve(included, source):
    """The kernel-relative path of an included header, None when it is none of the kernel's."""
    for folder in ("", "include", os.path.dirname(source)):
        path = os.path.normpath(os.path.join(folder, included))
        if os.path.isfile(os.path.join(KERNEL, path)):
            return path
    return None


def includes():
    """(file, included file) for every #include of the kernel's own headers."""
    for path in files_under(KERNEL, (".c", ".h", ".asm")):
        with open(os.path.join(KERNEL, path), encoding="utf-8") as source:
            for included in INCLUDE.findall(source.read()):
                target = resolve(included, path)
                if target:
                    yield path, target


def objects_under(folder):
    """The objects whose source is still there; build/ may hold some of files that are gone."""
    for path in files_under(folder, (".o",)):
        source = path[:-len(".o")] + ("" if path.endswith(".asm.o") else ".c")
        if any(os.path.exists(os.path.join(top, source)) for top in (KERNEL, ROOT)):
            yield path


def symbol_uses(objects):
    """{(file, file): [symbols]} of what one object needs and another defines."""
    defined, needed = {}, []
    for path in objects_under(objects):
        for symbol in Elf(os.path.join(objects, path)).symbols():
            if symbol.section == SHN_UNDEF:
                needed.append((stem(path), symbol.name))
            elif symbol.bind != STB_LOCAL:
                defined[symbol.name] = stem(path)
    uses = defaultdict(list)
    for user, name in needed:
        if defined.get(name, user) != user:
            uses[user, defined[name]].append(name)
    return uses


def loops(edges):
    """Groups of files that reach each other (Tarjan's strongly connected components), larger than one."""
    graph, index, low, stack, found = defaultdict(set), {}, {}, [], []
    for source, target in edges:
        graph[source].add(target)

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for following in sorted(graph[node]):
            if following not in index:
                visit(following)
            if following in stack:
                low[node] = min(low[node], low[following])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def check(layers, objects):
    complaints = []
    files = {stem(path) for path in files_under(KERNEL, (".c", ".h", ".asm"))}
    files |= {stem(path) for path in objects_under(objects)}
    for file in sorted(files):
        if layers.of(file) is None:
            complaints.append(f"{file} stands in no layer of kernel/layers.txt")

    def upward(source, target):
        low, high = layers.of(source), layers.of(target)
        return None not in (low, high) and high > low and not layers.allows(source, target)

    def arrow(source, target):
        return f"{layers.names[layers.of(source)]} must not use {layers.names[layers.of(target)]}"

    edges = set()
    for (source, target), names in sorted(symbol_uses(objects).items()):
        if upward(source, target):
            complaints.append(f"{source} uses {', '.join(sorted(names))} of {target}: {arrow(source, target)}")
        edges.add((source, target))
    for path, included in includes():
        source, target = stem(path), stem(included)
        if upward(source, target):
            complaints.append(f"{path} includes {included}: {arrow(source, target)}")
        if source != target and path.endswith(".h") and included.endswith(".h"):
            edges.add((source, target))
    same_layer = [(a, b) for a, b in edges if layers.of(a) == layers.of(b) and not layers.allows(a, b)]
    for group in loops(same_layer):
        complaints.append(f"loop: {' <-> '.join(group)}")
    for number, source, targets in layers.exceptions:
        if number not in layers.used:
            complaints.append(f"layers.txt:{number}: nothing needs the exception {source} -> {' '.join(targets)}")
    return complaints, len(files)


def main():
    objects = os.path.join(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build"), "kernel")
    if not os.path.isdir(objects):
        sys.exit("layers.py: no objects yet: type make")
    layers = Layers(os.path.join(KERNEL, "layers.txt"))
    complaints, count = check(layers, objects)
    for complaint in complaints:
        print(f"layers: {complaint}", file=sys.stderr)
    if complaints:
        sys.exit(1)
    print(f"layers: {count} files in {len(layers.names)} layers, no upward arrow, no loop")


if __name__ == "__main__":
    tool.run(main)
