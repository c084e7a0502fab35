# SPDX-License-Identifier: MIT
"""dwarftypes.py - the types and variables of a program, from its DWARF (.debug_info, versions 3 to 5).

`Types(elf).named("struct page")` is a Type: its size and its fields with their places; `variable("bootmem", "page.c")` is
the type of a variable. Only what stands at the top of a compilation unit is looked at, unit by unit until the name is
found; the children of a structure are read when they are asked for. DWARF 5 specification, sections 7.5 and 5.

Not here: code, scopes, expressions, bit-fields, C++.
"""

import functools
import os
from collections import namedtuple

from dwarfline import Reader, string_at

Field = namedtuple("Field", "name bitpos type enumval")
Die = namedtuple("Die", "tag attributes children next")    # next: where its sibling begins (None: not known)

(ARRAY, ENUMERATION, MEMBER, POINTER, COMPILE_UNIT, STRUCTURE, TYPEDEF, UNION, SUBRANGE, BASE, CONST, ENUMERATOR, VARIABLE,
 VOLATILE, RESTRICT) = (0x01, 0x04, 0x0D, 0x0F, 0x11, 0x13, 0x16, 0x17, 0x21, 0x24, 0x26, 0x28, 0x34, 0x35, 0x37)
(SIBLING, NAME, BYTE_SIZE, CONST_VALUE, UPPER_BOUND, COUNT, PLACE, TYPE, DECLARATION, ENCODING) = (
    0x01, 0x03, 0x0B, 0x1C, 0x2F, 0x37, 0x38, 0x49, 0x3C, 0x3E)
PREFIX = {STRUCTURE: "struct ", UNION: "union ", ENUMERATION: "enum "}
SIGNED = (5, 6)    # DW_ATE_signed, DW_ATE_signed_char

FIXED = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16, 0x0C: 1, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8, 0x20: 8}
REFERENCES = (0x11, 0x12, 0x13, 0x14, 0x15)    # within the unit
BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
UDATA = (0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23)


class Unit:
    def __init__(self, elf, info, start):
        self.info, self.start = info, start
        reader = Reader(info, start)
        length, self.wide = reader.number(4), 4
        if length == 0xFFFFFFFF:
            length, self.wide = reader.number(8), 8
        self.end = reader.offset + length
        version = reader.number(2)
        if version >= 5:
            reader.offset += 1    # kind of unit
            self.address = reader.number(1)
        abbreviations = reader.number(self.wide)
        if version < 5:
            self.address = reader.number(1)
        self.first = reader.offset
        self.abbreviations = abbreviation_table(elf, abbreviations)
        self.strings, self.line_strings = elf.section(".debug_str"), elf.section(".debug_line_str")

    def die(self, offset):
        """The entry there; None: the end of a row of siblings."""
        reader = Reader(self.info, offset)
        code = reader.uleb()
        if code == 0:
            return None
        tag, has_children, specification = self.abbreviations[code]
        attributes = {name: self.value(reader, form, constant) for name, form, constant in specification}
        return Die(tag, attributes, reader.offset if has_children else None,
                   attributes.get(SIBLING) if has_children else reader.offset)

    def value(self, reader, form, constant):
        if form == 0x21:    # implicit_const
            return constant
        if form == 0x19:    # flag_present
            return True
        if form in UDATA:
            return reader.uleb()
        if form in FIXED:
            number = reader.number(FIXED[form])
            return number + self.start if form in REFERENCES else number
        if form == 0x0D:    # sdata
            return reader.sleb()
        if form == 0x08:
            return reader.string()
        if form == 0x0E:
            return string_at(self.strings, reader.number(self.wide))
        if form == 0x1F:
            return string_at(self.line_strings, reader.number(self.wide))
        if form in (0x10, 0x17):    # ref_addr, sec_offset
            return reader.number(self.wide)
        if form == 0x01:
            return reader.number(self.address)
        length = reader.uleb() if form in (0x09, 0x18) else reader.number(BLOCKS[form])
        reader.offset += length
        return reader.data[reader.offset - length:reader.offset]

    def siblings(self, offset):
        """(offset, entry) of a row, children left out."""
        while (die := self.die(offset)) is not None:
            yield offset, die
            offset = die.next if die.next is not None else self.behind(die)

    def behind(self, die):
        """Where the sibling of an entry begins that does not say so itself."""
        offset = die.children
        while (child := self.die(offset)) is not None:
            offset = child.next if child.next is not None else self.behind(child)
        return offset + 1

    @functools.cached_property
    def root(self):
        return self.die(self.first)

    @functools.cached_property
    def names(self):
        """{name with its prefix: offset} of what stands at the top: types, and variables as "=name"."""
        found = {}
        if self.root.children is None:
            return found
        for offset, die in self.siblings(self.root.children):
            name = die.attributes.get(NAME)
            if name is None or die.attributes.get(DECLARATION) and die.tag != VARIABLE:
                continue
            if die.tag in PREFIX or die.tag in (TYPEDEF, BASE):
                found.setdefault(PREFIX.get(die.tag, "") + name, offset)
            elif die.tag == VARIABLE and TYPE in die.attributes:
                found.setdefault("=" + name, offset)
        return found


@functools.lru_cache
def abbreviation_table(elf, offset):
    reader, table = Reader(elf.section(".debug_abbrev"), offset), {}
    while code := reader.uleb():
        tag, has_children, specification = reader.uleb(), reader.number(1), []
        while (pair := (reader.uleb(), reader.uleb())) != (0, 0):
            specification.append((*pair, reader.sleb() if pair[1] == 0x21 else None))
        table[code] = tag, bool(has_children), specification
    return table


class Type:
    """As much of gdb.Type as its readers here need, under gdb's names."""

    def __init__(self, types, unit, offset):
        self.types, self.unit = types, unit
        self.die = unit.die(offset) if offset is not None else None    # None: void
        self.tag = self.die.tag if self.die else None
        self.name = self.die.attributes.get(NAME) if self.die else "void"
        self._pointed = None

    def pointer(self):
        made = Type(self.types, self.unit, None)
        made.tag, made._pointed, made.name = POINTER, self, None
        return made

    def target(self):
        return self._pointed or self.types.at(self.unit, self.die.attributes.get(TYPE))

    def strip_typedefs(self):
        return self.target().strip_typedefs() if self.tag in (TYPEDEF, CONST, VOLATILE, RESTRICT) else self

    @functools.cached_property
    def sizeof(self):
        plain = self.strip_typedefs()
        if plain is not self:
            return plain.sizeof
        if self.tag == POINTER:
            return 8
        if self.tag == ARRAY:
            return self.target().sizeof * (self.range()[1] + 1)
        return self.die.attributes.get(BYTE_SIZE, 1) if self.die else 1

    def range(self):
        """(0, last index) of an array's first dimension."""
        bound = next(die for _, die in self.unit.siblings(self.die.children) if die.tag == SUBRANGE).attributes
        return 0, bound.get(UPPER_BOUND, bound.get(COUNT, 0) - 1)

    @property
    def is_signed(self):
        return self.tag == BASE and self.die.attributes.get(ENCODING) in SIGNED

    @functools.cached_property
    def members(self):
        """Fields of a structure or union, names of an enumeration."""
        found = []
        if self.die is None or self.die.children is None:
            return found
        for _, die in self.unit.siblings(self.die.children):
            if die.tag == MEMBER:
                found.append(Field(die.attributes.get(NAME), 8 * die.attributes.get(PLACE, 0),
                                   self.types.at(self.unit, die.attributes[TYPE]), None))
            elif die.tag == ENUMERATOR:
                found.append(Field(die.attributes[NAME], 0, None, die.attributes[CONST_VALUE]))
        return found

    def fields(self):
        return self.strip_typedefs().members

    @functools.cached_property
    def by_name(self):
        """{name: (byte, type)} of all fields, those of members without a name included."""
        found = {}
        for field in self.members:
            if field.name:
                found[field.name] = field.bitpos // 8, field.type
            else:
                found.update({name: (field.bitpos // 8 + place, kind) for name, (place, kind) in
                              field.type.strip_typedefs().by_name.items()})
        return found


class Types:
    def __init__(self, elf):
        info, offset, self.units, self._types = elf.section(".debug_info"), 0, [], {}
        while offset < len(info):
            self.units.append(Unit(elf, info, offset))
            offset = self.units[-1].end

    def at(self, unit, offset):
        if (unit.start, offset) not in self._types:
            self._types[unit.start, offset] = Type(self, unit, offset)
        return self._types[unit.start, offset]

    @functools.cache
    def named(self, name):
        """struct page, enum page_owner, size_t, ...: KeyError if no unit has it whole."""
        for unit in self.units:
            if name in unit.names:
                return self.at(unit, unit.names[name])
        raise KeyError(name)

    @functools.cache
    def variable(self, name, file=None):
        """The type of a variable; of a static one, by its file."""
        for unit in self.units:
            if file and os.path.basename(unit.root.attributes.get(NAME, "")) != os.path.basename(file):
                continue
            if "=" + name in unit.names:
                return self.at(unit, unit.die(unit.names["=" + name]).attributes[TYPE])
        raise KeyError(name)
