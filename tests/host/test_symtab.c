/* SPDX-License-Identifier: MIT */
/* test_symtab.c - symbol blobs: names and lines found, and blobs that lie. The sanitizers watch every access.
 *
 * Each blob lies in memory of exactly its size, so that one byte too far is seen.
 */
/* sources: kernel/lib/symtab.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lib/log.h>
#include <lib/symtab.h>

#define BASE 0xffffffff80101000UL

/* The two symbols that the linker script makes around the kernel's own blob: an image without one. */
extern const char ksyms_start[], ksyms_end[];
const char ksyms_start[] = "none";
__asm__(".globl ksyms_end\n.set ksyms_end, ksyms_start + 4");

int format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

struct blob_header {
    uint32_t magic, functions, lines, strings;
    uint64_t base;
};

struct blob_row {
    uint32_t address, value, name;
};

/* offsets: 1 "first", 7 "second", 14 "a.c", 18 "dir/b.c" */
static const char strings[] = "\0first\0second\0a.c\0dir/b.c";
static const struct blob_row functions[] = {{0x00, 0x20, 1}, {0x40, 0x10, 7}};
static const struct blob_row lines[] = {{0x00, 10, 14}, {0x08, 11, 14}, {0x18, 0, 0}, {0x40, 99, 18}};

static unsigned char *blob_make(size_t *size)
{
    struct blob_header header = {0x4d595346, 2, 4, sizeof(strings), BASE};

    *size = sizeof(header) + sizeof(functions) + sizeof(lines) + sizeof(strings);
    unsigned char *blob = malloc(*size), *at = blob;
    assert_non_null(blob);
    at = (unsigned char *)memcpy(at, &header, sizeof(header)) + sizeof(header);
    at = (unsigned char *)memcpy(at, functions, sizeof(functions)) + sizeof(functions);
    at = (unsigned char *)memcpy(at, lines, sizeof(lines)) + sizeof(lines);
    memcpy(at, strings, sizeof(strings));
    return blob;
}

static void expect(uint64_t address, const char *described)
{
    struct symtab table;
    char text[100];
    size_t size;
    unsigned char *blob = blob_make(&size);

    assert_true(symtab_open(&table, blob, size));
    symtab_describe(&table, address, 0, text, sizeof(text));
    assert_string_equal(text, described);
    free(blob);
}

static void names_and_lines(void **state)
{
    (void)state;
    expect(BASE, "first+0x0 a.c:10");
    expect(BASE + 7, "first+0x7 a.c:10");
    expect(BASE + 8, "first+0x8 a.c:11");
    expect(BASE + 0x18, "first+0x18");
    expect(BASE + 0x1f, "first+0x1f");
    expect(BASE + 0x20, "?");
    expect(BASE + 0x3f, "?");
    expect(BASE + 0x40, "second+0x0 dir/b.c:99");
    expect(BASE + 0x4f, "second+0xf dir/b.c:99");
    expect(BASE + 0x50, "?");
    expect(BASE - 1, "?");
    expect(0, "?");
    expect(UINT64_MAX, "?");
    expect(BASE + (1UL << 32), "?");
}

static void a_return_address_belongs_to_the_call(void **state)
{
    struct symtab table;
    char text[100];
    size_t size;
    unsigned char *blob = blob_make(&size);

    (void)state;
    assert_true(symtab_open(&table, blob, size));
    symtab_describe(&table, BASE + 8, 1, text, sizeof(text));
    assert_string_equal(text, "first+0x8 a.c:10");
    symtab_describe(&table, BASE + 0x20, 1, text,
                    sizeof(text)); /* the call was the function's last instruction */
    assert_string_equal(text, "first+0x20");
    symtab_describe(&table, BASE, 1, text, sizeof(text));
    assert_string_equal(text, "?");
    symtab_describe(&table, BASE, 0, text, 8);
    assert_string_equal(text, "first+0");
    free(blob);
}

static void no_blob_is_said(void **state)
{
    struct symtab table;
    struct symbol symbol;
    size_t size;
    unsigned char *blob = blob_make(&size);

    (void)state;
    for (size_t shorter = 0; shorter < size; shorter++) {
        unsigned char *cut = malloc(shorter + 1);
        assert_non_null(cut);
        memcpy(cut, blob, shorter);
        cut = realloc(cut, shorter ? shorter : 1);
        assert_false(symtab_open(&table, cut, shorter));
        free(cut);
    }
    blob[0] ^= 1;
    assert_false(symtab_open(&table, blob, size));
    blob[0] ^= 1;
    blob[size - 1] = 'x'; /* the last string has no end */
    assert_false(symtab_open(&table, blob, size));
    free(blob);

    assert_int_equal(symtab_kernel()->size, 0);
    assert_false(symtab_lookup(symtab_kernel(), BASE, &symbol));
}

static void counts_that_overflow_are_refused(void **state)
{
    static const struct {
        uint32_t functions, lines, strings;
    } liars[] = {
        {UINT32_MAX, UINT32_MAX, UINT32_MAX},
        {UINT32_MAX, 4, sizeof(strings)},
        {2, UINT32_MAX, sizeof(strings)},
        {2, 4, UINT32_MAX},
        {0x80000000, 0x80000000, 0},
        {0x55555556, 0, 0},
        {3, 4, sizeof(strings)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
        struct symtab table;
        size_t size;
        unsigned char *blob = blob_make(&size);
        struct blob_header header;
        memcpy(&header, blob, sizeof(header));
        header.functions = liars[i].functions;
        header.lines = liars[i].lines;
        header.strings = liars[i].strings;
        memcpy(blob, &header, sizeof(header));
        assert_false(symtab_open(&table, blob, size));
        free(blob);
    }
}

/* Whatever open() lets through, no lookup may leave the blob. */
static void broken_blobs_break_nothing(void **state)
{
    uint64_t random = 88172645463325252UL; /* xorshift64 */
    unsigned opened = 0, found = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct symtab table;
        struct symbol symbol;
        size_t size;
        unsigned char *blob = blob_make(&size);
        for (unsigned change = 0; change < 3; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            blob[4 + random % (size - 4)] = (unsigned char)(random >> 32);
        }
        if (symtab_open(&table, blob, size)) {
            opened++;
            for (uint64_t offset = 0; offset < 0x60; offset += 3) {
                if (!symtab_lookup(&table, BASE + offset, &symbol))
                    continue;
                found += strlen(symbol.function) < size &&
                         (symbol.file == NULL || strlen(symbol.file) < size);
            }
        }
        free(blob);
    }
    assert_true(opened > 1000 && found > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_lines),
        cmocka_unit_test(a_return_address_belongs_to_the_call),
        cmocka_unit_test(no_blob_is_said),
        cmocka_unit_test(counts_that_overflow_are_refused),
        cmocka_unit_test(broken_blobs_break_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
