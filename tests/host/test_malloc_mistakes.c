/* SPDX-License-Identifier: MIT */
/* test_malloc_mistakes.c - what must end a program that uses the product wrongly, with which first line, and what the lines behind it say:
 * pointers that lie in caches, in slabs, in rows, in the queue of freed blocks, or nowhere.
 *
 * Each mistake is made in a process of its own, over the simulated machine of malloc/glue_host.h. */
/* sources: libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c libc/malloc/site.c libc/malloc/product/api.c
 * libc/malloc/product/cache.c libc/malloc/product/nothing.c libc/malloc/product/slab.c libc/malloc/product/table.c
 * libc/malloc/classic/check.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c libc/malloc/classic/large.c
 * libc/malloc/classic/pool.c libc/malloc/classic/report.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"
#include "product/product.h"

#define KIB ((size_t)1024)

/* The compiler must not reason about these pointers: some of what follows is wrong on purpose. */
static char *volatile p, *volatile q;


static void double_free_in_the_cache(void)
{
    p = malloc(40);
    free(p);
    free(p);
}

static void double_free_of_not_the_last(void)
{
    p = malloc(40);
    q = malloc(40);
    free(p);
    free(q);
    free(p);
}

static void double_free_in_the_slab(void)
{
    static char *blocks[500];

    for (int i = 0; i < 500; i++)
        blocks[i] = malloc(40);
    for (int i = 0; i < 500; i++)
        free(blocks[i]);
    for (int i = 0; i < 500; i++)
        free(blocks[i]);
}

static void free_inside_a_slab_block(void)
{
    p = malloc(40);
    free(p + 16);
}

static void free_of_a_block_never_handed_out(void)
{
    p = malloc(100);
    q = (char *)((uintptr_t)p & ~(PAGE - 1)) + 112 * 30;
    malloc_trim(0);
    free(q);
    malloc_trim(0);
}

static void double_free_of_nothing(void)
{
    p = malloc(0);
    free(p);
    free(p);
}

static void write_after_free_in_the_cache(void)
{
    p = malloc(40);
    free(p);
    p[8] ^= 1;
    q = malloc(40);
}

static void overflow_into_a_cached_block(void)
{
    p = malloc(40);
    q = malloc(40);
    free(p < q ? q : p);
    memset(p < q ? p : q, 1, 56);
    p = malloc(40);
}

static void overflow_of_a_chunk(void)
{
    p = malloc(200);
    q = malloc(200);
    memset(p < q ? p : q, 1, 216);
    free(p < q ? q : p);
}

static void wrong_sized_free(void)
{
    p = malloc(40);
    free_sized(p, malloc_usable_size(p) + 1);
}

static void wrong_sized_free_of_a_chunk(void)
{
    p = malloc(200);
    free_sized(p, malloc_usable_size(p) + 1);
}

static void second_sized_free(void)
{
    free_sized(p = malloc(40), 40);
    free_sized(p, 40);
}

static void size_of_a_freed_block(void)
{
    free(p = malloc(300));
    malloc_usable_size(p);
}

static void realloc_of_a_freed_chunk(void)
{
    free(p = malloc(300));
    p = realloc(p, 301);
}

static void one_byte_too_many(void)
{
    p = malloc(24);
    p[24] = 1;
    free(p);
}

static void one_byte_too_few(void)
{
    p = malloc(24);
    p[-1] = 1;
    free(p);
}

static void write_after_free_in_the_queue(void)
{
    p = malloc(1000);
    free(p);
    p[500] = 1;
    for (int i = 0; i < 3000; i++)
        free(malloc(10));
}

static void double_free_in_the_queue(void)
{
    p = malloc(200 * KIB);
    free(p);
    free(p);
}

/* Merged with the top of the heap, or with the free chunk behind it: its header has the size of all that. */
static void double_free_before_the_top(void)
{
    p = malloc(4000);
    free(p);
    free(p);
}

static void double_free_before_a_free_chunk(void)
{
    p = malloc(4000);
    q = malloc(4000);
    must(malloc(4000) == q + (q - p));
    free(q);
    free(p);
    free(p);
}

static void double_free_long_ago(void)
{
    static char *blocks[80];

    for (int i = 0; i < 80; i++)
        blocks[i] = malloc(70000);
    free(blocks[1]);
    free(blocks[0]);
    for (int i = 4; i < 80; i += 4)
        free(blocks[i]); /* notes of frees take each other's place */
    free(blocks[0]);
}

static void double_free_above_the_break(void)
{
    q = malloc(40 * KIB);
    p = malloc(100 * KIB);
    free(p);
    free(q);
    malloc_trim(0);
    must(host_break() < (uintptr_t)p);
    free(p);
}

static void double_free_of_a_row(void)
{
    p = malloc(256 * KIB);
    free(p);
    free(p);
}

static void free_of_a_row_that_moved(void)
{
    q = malloc(256 * KIB);
    p = malloc(256 * KIB); /* below q */
    must(realloc(p, 1024 * KIB) != p);
    free(p);
}

static void realloc_of_a_freed_row(void)
{
    p = malloc(256 * KIB);
    free(p);
    p = realloc(p, 10);
}

/* An address that was freed before and is a live block's now, whose header is lost. */
static void write_in_front_of_a_row(void)
{
    for (int i = 0; i < 6; i++)
        free(malloc(256 * KIB));
    p = malloc(256 * KIB);
    memset(p - 8, 1, 8);
    free(p);
}

static void write_in_front_of_a_chunk(void)
{
    free(malloc(4000));
    p = malloc(4000);
    memset(p - 8, 1, 8);
    free(p);
}

static void double_free_of_a_row_after_the_queue(void)
{
    p = malloc(256 * KIB);
    free(p);
    for (int i = 0; i < 12; i++)
        free(malloc(1024 * KIB));
    free(p);
}

static void double_free_after_the_queue(void)
{
    p = malloc(40);
    q = malloc(40); /* p stays by itself, and what follows has no place there */
    free(p);
    for (int i = 0; i < 3000; i++)
        free(malloc(200));
    free(p);
}

static const struct mistake {
    const char *name;
    void (*make)(void);
    const char *environment, *first_line, *says[2]; /* in English, in Chinese */
} mistakes[] = {
#define SAYS(make, first_line, ...)                                                                          \
    {                                                                                                        \
#make, make, NULL, first_line,                                                                       \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define CASE(make, first_line) SAYS(make, first_line, "", "")
#define CHECKED(make, first_line, ...)                                                                       \
    {                                                                                                        \
#make ", checking", make, "MALLOC_CHECK_=3", first_line,                                             \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
    CASE(double_free_in_the_cache, "free(): double free detected in tcache 2"),
    CASE(double_free_of_not_the_last, "free(): double free detected in tcache 2"),
    CASE(double_free_in_the_slab, "free(): double free detected in tcache 2"),
    CASE(free_inside_a_slab_block, "free(): invalid pointer"),
    CASE(free_of_a_block_never_handed_out, "free(): double free detected in tcache 2"),
    CASE(double_free_of_nothing, "free(): invalid pointer"),
    CASE(write_after_free_in_the_cache, "malloc(): unaligned tcache chunk detected"),
    CASE(overflow_into_a_cached_block, "malloc(): unaligned tcache chunk detected"),
    CASE(overflow_of_a_chunk, "free(): invalid size"),
    CASE(wrong_sized_free, "free_sized(): invalid pointer"),
    CASE(wrong_sized_free_of_a_chunk, "free_sized(): invalid pointer"),
    CASE(second_sized_free, "free(): double free detected in tcache 2"),
    SAYS(size_of_a_freed_block, "malloc_usable_size(): invalid pointer", "was freed before", "已释放"),
    SAYS(realloc_of_a_freed_chunk, "realloc(): invalid pointer", "was freed before", "已释放"),
    CHECKED(one_byte_too_many, "memory clobbered past end of allocated block", "", ""),
    CHECKED(one_byte_too_few, "free(): invalid pointer", "", ""),
    CHECKED(write_after_free_in_the_queue, "free(): invalid size", "", ""),
    CHECKED(double_free_in_the_queue, "free(): double free detected in tcache 2", "", ""),
    CHECKED(double_free_in_the_cache, "free(): double free detected in tcache 2", "", ""),
    SAYS(double_free_before_the_top, "double free or corruption (top)", "of 4104 bytes, was freed before",
         "4104 字节的块早已释放"),
    SAYS(double_free_before_a_free_chunk, "double free or corruption (!prev)",
         "of 4104 bytes, was freed before", "4104 字节的块早已释放"),
    SAYS(double_free_long_ago, "double free or corruption (!prev)",
         "a free run of 140032 bytes began here: the block was freed before",
         "这里曾是一段 140032 字节空闲内存的开头，这个块早已释放"),
    SAYS(double_free_above_the_break, "double free or corruption (!prev)",
         "of 102408 bytes, was freed before", "102408 字节的块早已释放"),
    SAYS(double_free_of_a_row, "munmap_chunk(): invalid pointer", "of 266224 bytes, was freed before",
         "266224 字节的块早已释放"),
    SAYS(free_of_a_row_that_moved, "munmap_chunk(): invalid pointer", "of 266224 bytes, was freed before",
         "266224 字节的块早已释放"),
    SAYS(realloc_of_a_freed_row, "realloc(): invalid pointer", "of 266224 bytes, was freed before",
         "266224 字节的块早已释放"),
    SAYS(write_in_front_of_a_row, "munmap_chunk(): invalid pointer",
         "this block has its own mapping, but its header was overwritten",
         "这个块有自己单独的映射，但它的头部被覆盖了"),
    SAYS(write_in_front_of_a_chunk, "free(): invalid size", "was overwritten", "处的头部被覆盖"),
    CHECKED(double_free_of_a_row_after_the_queue, "munmap_chunk(): invalid pointer",
            "(262144 bytes, allocated at ", "（262144 字节，分配于 "),
    CHECKED(double_free_after_the_queue, "free(): double free detected in tcache 2",
            "(40 bytes, allocated at ", "（40 字节，分配于 "),
};

static bool chinese;

static void make(void *argument)
{
    const struct mistake *mistake = argument;

    host.environment[0] = chinese ? "LANG=zh_CN.UTF-8" : "LANG=C";
    host.environment[1] = mistake->environment;
    mistake->make();
}

static void check_mistakes(void)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        struct child_end end = child_run(make, (void *)(uintptr_t)&mistakes[i]);
        size_t length = strlen(mistakes[i].first_line);

        if ((end.status & 0x7f) != SIGABRT || strncmp(end.text, mistakes[i].first_line, length) != 0 ||
            strncmp(end.text + length, "\nmalloc: ", 9) != 0 || !strstr(end.text, mistakes[i].says[chinese]))
            fail_msg("%s: status 0x%x, expected \"%s\" and \"%s\", got:\n%s", mistakes[i].name,
                     (unsigned)end.status, mistakes[i].first_line, mistakes[i].says[chinese], end.text);
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
    chinese = true;
    check_mistakes();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_mistakes_in_chinese),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
