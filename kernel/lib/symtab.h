/* SPDX-License-Identifier: MIT */
/* symtab.h - reads the symbol blobs that scripts/mksym.py writes: from an address to function, file and line.
 *
 * The kernel's own blob is linked into the image; a program's lies in the initramfs under /lib/debug. */
#pragma once

#include <types.h>

struct symtab {
    const void *blob;
    size_t size;
};

struct symbol {
    const char *function; /* NULL if unknown; points into the blob */
    uint64_t offset;      /* of the address within the function */
    const char *file;     /* NULL if unknown */
    uint32_t line;
};

/* => false if the bytes are no symbol blob; then lookups must not be made. */
bool symtab_open(struct symtab *table, const void *blob, size_t size);
/* => true if at least the function is known. */
bool symtab_lookup(const struct symtab *table, uint64_t address, struct symbol *symbol);
/* The kernel's own table; its size is 0 until the image was linked with one. */
const struct symtab *symtab_kernel(void);
/* "function+0x1c file.c:88", or "?" for an unknown address. after 1: a return address, whose line is that of the call before it
 * (which may be the last of its function). */
void symtab_describe(const struct symtab *table, uint64_t address, unsigned after, char *buffer, size_t size);
