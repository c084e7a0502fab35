/* SPDX-License-Identifier: MIT */
/* symtab.c - see symtab.h. The format is explained in scripts/mksym.py.
 *
 *   header | functions[] sorted by address | lines[] sorted by address | strings
 *
 * A blob may come from a file that a user wrote, so every number in it is doubted: symtab_open() checks that the four
 * parts fit, a lookup checks each offset that it follows. An unsorted table gives wrong names, never a bad access.
 * Fields are read with memcpy: a blob may lie at any address. */
#include <lib/symtab.h>

#include <lib/log.h>
#include <string.h>

#define SYMTAB_MAGIC 0x4d595346U /* "FSYM" */

struct header {
    uint32_t magic, functions, lines, strings;
    uint64_t base;
};

/* A row of either table: both begin with the address and are three words long. */
struct row {
    uint32_t address; /* - base */
    uint32_t value;   /* function: size; line: number, 0: nothing is known from here on */
    uint32_t name;
};

extern const char ksyms_start[], ksyms_end[];

static struct header header_of(const struct symtab *table)
{
    struct header header;

    memcpy(&header, table->blob, sizeof(header));
    return header;
}

static struct row row_at(const char *rows, uint32_t index)
{
    struct row row;

    memcpy(&row, rows + (size_t)index * sizeof(row), sizeof(row));
    return row;
}

bool symtab_open(struct symtab *table, const void *blob, size_t size)
{
    *table = (struct symtab){.blob = blob, .size = size};
    if (size < sizeof(struct header))
        return false;

    struct header header = header_of(table);
    uint64_t rows = (uint64_t)header.functions + header.lines;
    uint64_t strings_at = sizeof(header) + rows * sizeof(struct row);
    if (header.magic != SYMTAB_MAGIC || strings_at + header.strings > size)
        return false;
    /* The last string's NUL bounds every string. */
    return header.strings == 0 || ((const char *)blob)[strings_at + header.strings - 1] == '\0';
}

/* The last row at or below the address. => false if there is none. */
static bool row_find(const char *rows, uint32_t count, uint32_t address, struct row *found)
{
    uint32_t low = 0, high = count; /* rows below `low` are <= address, rows from `high` on are above */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (row_at(rows, middle).address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    *found = row_at(rows, low - 1);
    return true;
}

bool symtab_lookup(const struct symtab *table, uint64_t address, struct symbol *symbol)
{
    *symbol = (struct symbol){0};
    if (table->size == 0)
        return false;

    struct header header = header_of(table);
    const char *functions = (const char *)table->blob + sizeof(header);
    const char *lines = functions + (size_t)header.functions * sizeof(struct row);
    const char *strings = lines + (size_t)header.lines * sizeof(struct row);
    uint64_t offset = address - header.base;
    struct row row;

    if (address < header.base || offset > UINT32_MAX)
        return false;
    if (!row_find(functions, header.functions, (uint32_t)offset, &row))
        return false;
    if (offset - row.address >= row.value || row.name >= header.strings)
        return false;
    symbol->function = strings + row.name;
    symbol->offset = offset - row.address;

    if (!row_find(lines, header.lines, (uint32_t)offset, &row))
        return true;
    if (row.value == 0 || row.name >= header.strings)
        return true;
    symbol->file = strings + row.name;
    symbol->line = row.value;
    return true;
}

const struct symtab *symtab_kernel(void)
{
    static struct symtab kernel;
    static bool tried;
    struct symtab opened;

    if (!tried) {
        if (!symtab_open(&opened, ksyms_start, (size_t)(ksyms_end - ksyms_start)))
            opened.size = 0;
        kernel = opened;
        tried = true;
    }
    return &kernel;
}

void symtab_describe(const struct symtab *table, uint64_t address, unsigned after, char *buffer, size_t size)
{
    struct symbol symbol;

    if (!symtab_lookup(table, address - after, &symbol))
        format_text(buffer, size, "?");
    else if (symbol.file == NULL)
        format_text(buffer, size, "%s+0x%lx", symbol.function, symbol.offset + after);
    else
        format_text(buffer, size, "%s+0x%lx %s:%u", symbol.function, symbol.offset + after, symbol.file,
                    symbol.line);
}
