/* SPDX-License-Identifier: MIT */
/* test_malloc_misuse.c - programs that are wrong, and the first line that they die with.
 *
 * Each case runs in a process of its own, which must end by SIGABRT with exactly this first line on standard
 * error and at least one more line that names the address. `NULL` as first line: the mistake must go
 * unnoticed (as on Linux) and the program end well.
 * All of it twice: with LANG=zh the lines behind the first are Chinese.
 * With SHOW=1 in the environment all last words are printed.
 */
/* sources: libc/malloc/chosen.c libc/malloc/shared.c libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c
 * libc/malloc/classic/check.c libc/malloc/classic/classic.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c
 * libc/malloc/classic/large.c libc/malloc/classic/pool.c libc/malloc/classic/report.c libc/malloc/site.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"

/* The compiler must not reason about these pointers: what follows is wrong on purpose. */
static char *volatile p, *volatile q, *volatile r;

static void *opaque(uintptr_t address)
{
    volatile uintptr_t hidden = address;

    return (void *)hidden;
}

/* --- double free, in the orders that coalescing makes different --- */
static void double_free_small(void)
{
    p = malloc(24);
    q = malloc(24);
    free(p);
    free(p);
}

static void double_free_last_in_top(void)
{
    p = malloc(24);
    free(p);
    free(p);
}

static void double_free_after_merging_backwards(void)
{
    p = malloc(24);
    q = malloc(24);
    r = malloc(24);
    free(p);
    free(q);
    free(q);
}

static void double_free_after_merging_forwards(void)
{
    p = malloc(24);
    q = malloc(24);
    r = malloc(24);
    free(q);
    free(p);
    free(q);
}

static void double_free_large(void)
{
    p = malloc(5000);
    q = malloc(5000);
    free(p);
    free(p);
}

static void double_free_large_top(void)
{
    p = malloc(5000);
    free(p);
    free(p);
}

static void double_free_mapped(void)
{
    p = malloc(200000);
    free(p);
    free(p);
}

static void double_free_long_ago(void)
{
    p = malloc(24);
    q = malloc(24);
    free(p);
    for (int i = 0; i < 1000; i++)
        free(malloc(5000));
    free(p);
}

static void double_free_inside_a_new_block(void)
{
    p = malloc(24);
    q = malloc(24);
    free(q);
    free(p);
    r = malloc(100); /* covers both */
    free(q);
}

static void double_free_within_grown_block(void)
{
    p = malloc(24);
    q = malloc(24);
    free(q);
    r = realloc(p, 1000); /* swallows q's place */
    free(q);
}

/* --- pointers that never were blocks --- */
static void free_misaligned(void)
{
    p = malloc(100);
    free(p + 8);
}

static void free_interior(void)
{
    p = malloc(100);
    free(p + 32);
}

static void free_interior_large(void)
{
    p = malloc(100000);
    free(p + 4096 * 3);
}

static void free_interior_mapped(void)
{
    p = malloc(1000000);
    free(p + 4096 + 16);
}

static void free_mapped_page(void)
{
    p = malloc(1000000);
    free(p + 4096);
}

static void free_forged_header(void)
{
    size_t *words = malloc(1000);

    words[2] = 0;
    words[3] = 0x41;
    words[2 + 8] = 0x40;
    words[3 + 8] = 0x41;
    free(words + 4);
}

static void free_copied_header(void)
{
    p = malloc(24);
    q = malloc(1000);
    memcpy(q + 64, p - 16, 32);
    free(q + 80);
}

static void free_static(void)
{
    static char bytes[64] __attribute__((aligned(16)));

    free(opaque((uintptr_t)bytes + 32));
}

static void free_stack(void)
{
    char bytes[64] __attribute__((aligned(16)));

    free(opaque((uintptr_t)bytes));
}

static void free_wild(void)
{
    free(opaque(0x123456789ab0));
}

static void free_wild_row(void)
{
    free(opaque(0x123456789010));
}

static void free_top(void)
{
    p = malloc(2000);
    free(p + 2016);
}

static void realloc_wild(void)
{
    p = realloc(opaque(0x123456789ab0), 10);
}

static void realloc_interior(void)
{
    p = malloc(100);
    p = realloc(p + 16, 200);
}

static void realloc_freed(void)
{
    p = malloc(100);
    q = malloc(100);
    free(p);
    p = realloc(p, 200);
}

static void usable_size_wild(void)
{
    malloc_usable_size(opaque(0x123456789ab0));
}

/* --- writes where no block is --- */
static void overflow_small_size_word(void)
{
    p = malloc(24);
    q = malloc(24);
    memset(p, 'A', 32 + 16);
    free(p);
}

static void overflow_large_size_word(void)
{
    p = malloc(1000);
    q = malloc(1000);
    memset(p, 'A', malloc_usable_size(p) + 16);
    free(p);
}

static void overflow_one_byte_without_slack(void)
{
    p = malloc(24);
    q = malloc(24);
    p[24] = 1;
    free(p);
}

static void overflow_found_by_the_next(void)
{
    p = malloc(24);
    q = malloc(24);
    p[24] = 1;
    free(q);
}

static void write_after_free_boundary_tag(void)
{
    p = malloc(104);
    q = malloc(104);
    free(p);
    p[96] = 1; /* the last word: while the chunk is free, its size */
    free(q);
}

static void write_after_free_past_the_end(void)
{
    p = malloc(104);
    q = malloc(104);
    free(p);
    p[104] = 1; /* the head of q */
    r = malloc(104);
}

static void overflow_of_own_header_found(void)
{
    p = malloc(32);
    q = malloc(32);
    r = malloc(32);
    memset(p, 'A', 48);
    free(q);
}

static void overflow_into_top(void)
{
    p = malloc(24);
    memset(p, 0xff, 32 + 16);
    q = malloc(5000);
}

static void overflow_into_free_chunk(void)
{
    p = malloc(100);
    q = malloc(2000);
    r = malloc(100);
    free(q);
    memset(p, 'A', 112 + 32);
    q = malloc(2000);
}

static void underflow(void)
{
    p = malloc(100);
    q = malloc(100);
    memset(q - 16, 0, 16);
    free(q);
}

static void underflow_mapped(void)
{
    p = malloc(200000);
    memset(p - 16, 1, 16);
    free(p);
}

static void underflow_mapped_gap(void)
{
    p = malloc(200000);
    memset(p - 16, 1, 8); /* only the word that says where the mapping starts */
    free(p);
}

static void write_after_free_links(void)
{
    p = malloc(2000);
    q = malloc(2000);
    free(p);
    memset(p, 'A', 16);
    p = malloc(2000);
}

static void write_after_free_links_merge(void)
{
    p = malloc(2000);
    q = malloc(2000);
    r = malloc(2000);
    free(p);
    ((char *volatile *)p)[0] = r; /* a good address, but no free chunk */
    free(q);
}

/* --- silent by default, reported in checking mode --- */
static void one_byte_too_many(void)
{
    p = malloc(10);
    q = malloc(10);
    strcpy(p, "0123456789");
    free(p);
}

static void one_byte_too_many_mapped(void)
{
    p = malloc(200000);
    p[200000] = 0; /* in checking mode a page that nobody may touch */
    free(p);
}

static void one_byte_too_many_realloc(void)
{
    p = malloc(10);
    p[10] = 0;
    p = realloc(p, 100);
}

static void one_byte_too_many_without_slack(void)
{
    p = malloc(32);
    q = malloc(32);
    p[32] = 0;
    free(p);
}

static void far_too_many(void)
{
    p = malloc(10);
    memset(p, 'A', malloc_usable_size(p) + 16);
    free(p);
}

static void byte_in_nothing(void)
{
    p = malloc(0);
    p[0] = 1;
    free(p);
}

static void behaves_well(void)
{
    p = malloc(10);
    memset(p, 'A', 10);
    q = realloc(p, 100);
    memset(q, 'A', 100);
    r = memalign(256, 1000);
    memset(r, 'A', malloc_usable_size(r));
    free(q);
    free(r);
    must(!heap_check());
}

static void patterns(void)
{
    p = malloc(100);
    must(p[0] == (char)0xa5 && p[99] == (char)0xa5 && malloc_usable_size(p) == 100);
    q = calloc(1, 100);
    must(q[0] == 0 && q[99] == 0);
    r = malloc(200000);
    must(r[0] == (char)0xa5 && r[199999] == (char)0xa5);
    free(p);
    must(p[16] == 0x5a && p[99] == 0x5a); /* readable, behind the links */
}

#define CHECKING "MALLOC_CHECK_=3"

static const char FAULT[] = "";

static const struct mistake {
    const char *name;
    void (*make)(void);
    const char *environment;
    const char *first_line; /* FAULT: none, the program ends by SIGSEGV at the mistake */
} mistakes[] = {
#define CASE(make, first_line)                                                                               \
    {                                                                                                        \
#make, make, NULL, first_line                                                                        \
    }
#define CHECKED(make, first_line)                                                                            \
    {                                                                                                        \
#make ", checking", make, CHECKING, first_line                                                       \
    }
    CASE(double_free_small, "free(): double free detected in tcache 2"),
    CASE(double_free_last_in_top, "free(): double free detected in tcache 2"),
    CASE(double_free_after_merging_backwards, "free(): double free detected in tcache 2"),
    CASE(double_free_after_merging_forwards, "free(): double free detected in tcache 2"),
    CASE(double_free_long_ago, "free(): double free detected in tcache 2"),
    CASE(double_free_inside_a_new_block, "free(): double free detected in tcache 2"),
    CASE(double_free_within_grown_block, "free(): double free detected in tcache 2"),
    CASE(double_free_large, "double free or corruption (!prev)"),
    CASE(double_free_large_top, "double free or corruption (top)"),
    CASE(double_free_mapped, "munmap_chunk(): invalid pointer"),
    CHECKED(double_free_small, "free(): double free detected in tcache 2"),
    CASE(free_misaligned, "free(): invalid pointer"),
    CASE(free_interior, "free(): invalid pointer"),
    CASE(free_interior_large, "free(): invalid pointer"),
    CASE(free_interior_mapped, "free(): invalid pointer"),
    CASE(free_mapped_page, "free(): invalid pointer"),
    CASE(free_forged_header, "free(): invalid pointer"),
    CASE(free_copied_header, "free(): invalid pointer"),
    CASE(free_static, "free(): invalid pointer"),
    CASE(free_stack, "free(): invalid pointer"),
    CASE(free_wild, "free(): invalid pointer"),
    CASE(free_wild_row, "munmap_chunk(): invalid pointer"),
    CASE(free_top, "double free or corruption (top)"),
    CASE(realloc_wild, "realloc(): invalid pointer"),
    CASE(realloc_interior, "realloc(): invalid pointer"),
    CASE(realloc_freed, "realloc(): invalid pointer"),
    CASE(usable_size_wild, "malloc_usable_size(): invalid pointer"),
    CASE(overflow_small_size_word, "free(): invalid next size (fast)"),
    CASE(overflow_large_size_word, "free(): invalid next size (normal)"),
    CASE(overflow_one_byte_without_slack, "free(): invalid next size (fast)"),
    CASE(overflow_found_by_the_next, "free(): invalid size"),
    CASE(write_after_free_boundary_tag, "corrupted size vs. prev_size while consolidating"),
    CASE(write_after_free_past_the_end, "corrupted size vs. prev_size"),
    CASE(overflow_of_own_header_found, "free(): invalid size"),
    CASE(overflow_into_top, "malloc(): corrupted top size"),
    CASE(overflow_into_free_chunk, "malloc(): unsorted double linked list corrupted"),
    CASE(underflow, "free(): invalid size"),
    CASE(underflow_mapped, "munmap_chunk(): invalid pointer"),
    CASE(underflow_mapped_gap, "munmap_chunk(): invalid pointer"),
    CASE(write_after_free_links, "corrupted double-linked list"),
    CASE(write_after_free_links_merge, "corrupted double-linked list"),
    CASE(one_byte_too_many, NULL),
    CASE(one_byte_too_many_mapped, NULL),
    CASE(one_byte_too_many_realloc, NULL),
    CHECKED(one_byte_too_many, "memory clobbered past end of allocated block"),
    CHECKED(one_byte_too_many_mapped, FAULT),
    CHECKED(one_byte_too_many_realloc, "memory clobbered past end of allocated block"),
    CHECKED(one_byte_too_many_without_slack, "memory clobbered past end of allocated block"),
    CHECKED(far_too_many, "memory clobbered past end of allocated block"),
    CHECKED(byte_in_nothing, "memory clobbered past end of allocated block"),
    CHECKED(behaves_well, NULL),
    CHECKED(patterns, NULL),
};

static const char *language;

static void make(void *argument)
{
    const struct mistake *mistake = argument;
    unsigned count = 0;

    if (mistake->environment)
        host.environment[count++] = mistake->environment;
    host.environment[count] = language;
    signal(SIGSEGV, SIG_DFL);
    mistake->make();
}

/* Lines of one language: Chinese characters behind the name of the function and the address, or none. */
static bool is_chinese(const char *line)
{
    size_t length = strcspn(line, "\n");

    for (size_t i = 0; i + 2 < length; i++) /* U+4E00 to U+9FFF in UTF-8 */
        if ((unsigned char)line[i] >= 0xe4 && (unsigned char)line[i] <= 0xe9)
            return true;
    return false;
}

static void check_words(const struct mistake *mistake, const char *text)
{
    size_t length = strlen(mistake->first_line);

    if (strncmp(text, mistake->first_line, length) != 0 || strncmp(text + length, "\nmalloc: ", 9) != 0)
        fail_msg("%s: expected \"%s\" and a line that explains, got:\n%s", mistake->name, mistake->first_line,
                 text);
    assert_non_null(strstr(text + length, "0x"));
    assert_false(is_chinese(text));
    for (const char *line = text + length; line && line[1]; line = strchr(line + 1, '\n'))
        if (is_chinese(line + 1) != (language != NULL))
            fail_msg("%s: a line in the wrong language:\n%s", mistake->name, text);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void check_mistakes(void)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        struct child_end end = child_run(make, (void *)(uintptr_t)&mistakes[i]);
        int expected = !mistakes[i].first_line ? 0 : mistakes[i].first_line == FAULT ? SIGSEGV : SIGABRT;

        if (getenv("SHOW"))
            printf("--- %s\n%s", mistakes[i].name, end.text);
        if ((end.status & 0x7f) != expected || (!expected && end.status != 0))
            fail_msg("%s: wait status 0x%x\n%s", mistakes[i].name, (unsigned)end.status, end.text);
        if (expected == SIGABRT)
            check_words(&mistakes[i], end.text);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    check_mistakes();
}

static void test_mistakes_in_chinese(void **state)
{
    (void)state;
    language = "LANG=zh_CN.UTF-8";
    check_mistakes();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistakes),
                                       cmocka_unit_test(test_mistakes_in_chinese)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
