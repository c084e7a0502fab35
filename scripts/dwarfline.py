# SPDX-License-Identifier: MIT
"""dwarfline.py - the line number program of DWARF 2 to 5: which source line made the code at an address.

.debug_line holds, for each compilation unit, a table of directories, a table of files and a program for a small
machine; running the program writes the rows (address, file, line). DWARF 5 specification, section 6.2. gcc writes
version 5, nasm version 3: both are read here. Binutils prints the same rows, but shortens the file names.

Not here: columns, views, discriminators, and the .debug_info tree.
"""

import os
import struct
from collections import namedtuple

Row = namedtuple("Row", "address file line")    # line 0: the code of the sequence ends here

# Opcodes and forms by the numbers of the DWARF specification, sections 7.22 and 7.5.6.
(COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE, SET_COLUMN, NEGATE_STMT, BASIC_BLOCK, CONST_ADD_PC, FIXED_ADVANCE_PC,
 PROLOGUE_END, EPILOGUE_BEGIN, SET_ISA) = range(1, 13)
END_SEQUENCE, SET_ADDRESS = 1, 2
LNCT_PATH, LNCT_DIRECTORY = 1, 2
FORM_STRING, FORM_STRP, FORM_LINE_STRP, FORM_UDATA = 0x08, 0x0E, 0x1F, 0x0F
FORM_SIZE = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}    # data1, data2, data4, data8, data16


class Reader:
    def __init__(self, data, offset=0):
        self.data, self.offset = data, offset

    def number(self, size):
        value = int.from_bytes(self.data[self.offset:self.offset + size], "little")
        self.offset += size
        return value

    def uleb(self):
        result = shift = 0
        while True:
            byte = self.data[self.offset]
            self.offset += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    def sleb(self):
        start = self.offset
        value = self.uleb()
        bits = 7 * (self.offset - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def string(self):
        end = self.data.index(b"\0", self.offset)
        text = self.data[self.offset:end].decode("utf-8", "replace")
        self.offset = end + 1
        return text


def string_at(data, offset):
    return Reader(data, offset).string()


def read_form(reader, form, elf, wide):
    if form == FORM_STRING:
        return reader.string()
    if form == FORM_LINE_STRP:
        return string_at(elf.section(".debug_line_str"), reader.number(wide))
    if form == FORM_STRP:
        return string_at(elf.section(".debug_str"), reader.number(wide))
    if form == FORM_UDATA:
        return reader.uleb()
    return reader.number(FORM_SIZE[form])


def read_table5(reader, elf, wide):
    """A directory or file table of version 5: [{content type: value}]."""
    formats = [(reader.uleb(), reader.uleb()) for _ in range(reader.number(1))]
    return [{kind: read_form(reader, form, elf, wide) for kind, form in formats} for _ in range(reader.uleb())]


def read_tables(reader, elf, version, wide):
    """(directories, [(file name, directory index)]), both so that the program's numbers index them."""
    if version >= 5:
        directories = [entry[LNCT_PATH] for entry in read_table5(reader, elf, wide)]
        files = [(entry[LNCT_PATH], entry.get(LNCT_DIRECTORY, 0)) for entry in read_table5(reader, elf, wide)]
        return directories, files
    directories, files = [""], [("", 0)]
    while reader.data[reader.offset]:
        directories.append(reader.string())
    reader.offset += 1
    while reader.data[reader.offset]:
        files.append((reader.string(), reader.uleb()))
        reader.uleb()    # time of change
        reader.uleb()    # length
    reader.offset += 1
    return directories, files


def run(reader, end, names, minimum, line_base, line_range, opcode_base, lengths):
    """Run one unit's program; a list of rows for each sequence."""
    sequences, rows, address, file, line = [], [], 0, 1, 1
    while reader.offset < end:
        opcode = reader.number(1)
        if opcode >= opcode_base:
            advance, step = divmod(opcode - opcode_base, line_range)
            address += advance * minimum
            line += line_base + step
            rows.append(Row(address, names[file], line))
        elif opcode == 0:
            length = reader.uleb()
            after = reader.offset + length
            kind = reader.number(1)
            if kind == SET_ADDRESS:
                address = reader.number(length - 1)
            elif kind == END_SEQUENCE:
                rows.append(Row(address, "", 0))
                sequences.append(rows)
                rows, address, file, line = [], 0, 1, 1
            reader.offset = after
        elif opcode == COPY:
            rows.append(Row(address, names[file], line))
        elif opcode == ADVANCE_PC:
            address += reader.uleb() * minimum
        elif opcode == ADVANCE_LINE:
            line += reader.sleb()
        elif opcode == SET_FILE:
            file = reader.uleb()
        elif opcode == CONST_ADD_PC:
            address += (255 - opcode_base) // line_range * minimum
        elif opcode == FIXED_ADVANCE_PC:
            address += reader.number(2)
        else:
            for _ in range(lengths[opcode - 1]):
                reader.uleb()
    return sequences


def sequences(elf):
    """All sequences of an Elf: lists of rows with rising addresses, the last row of each with line 0."""
    reader, found = Reader(elf.section(".debug_line")), []
    while reader.offset < len(reader.data):
        length, wide = reader.number(4), 4
        if length == 0xFFFFFFFF:
            length, wide = reader.number(8), 8
        end = reader.offset + length
        version = reader.number(2)
        if version >= 5:
            reader.offset += 2    # size of an address and of a segment selector
        program = reader.number(wide)
        program += reader.offset
        minimum = reader.number(1)
        if version >= 4:
            reader.offset += 1    # operations in an instruction: 1 on x86
        reader.offset += 1        # is_stmt at the start
        line_base = struct.unpack("b", bytes([reader.number(1)]))[0]
        line_range, opcode_base = reader.number(1), reader.number(1)
        lengths = [reader.number(1) for _ in range(opcode_base - 1)]
        directories, files = read_tables(reader, elf, version, wide)
        names = [os.path.join(directories[where], name) for name, where in files]
        reader.offset = program
        found += run(reader, end, names, minimum, line_base, line_range, opcode_base, lengths)
        reader.offset = end
    return found
