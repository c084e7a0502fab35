/* SPDX-License-Identifier: MIT */
/* test_buddy.c - blocks alone, without what page.c makes of them: listing, joining, splitting, and no frame twice.
 *
 * The allocator's file is included, so that each case begins with nothing free, and its lists can be looked at. RAM is never touched:
 * there is only the array of struct pages. */
/* sources: kernel/mm/bootmem.c */
/* flags: -isystem build/include */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <mm/buddy.c>

#define LARGEST (1UL << PAGE_MAX_ORDER)
#define FRAMES (16 * LARGEST)

static uint8_t taken[FRAMES];

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

/* Nothing is free; what the struct pages say of orders is old. */
static int begin(void **state)
{
    (void)state;
    memset(free_blocks, 0, sizeof(free_blocks));
    memset(free_counts, 0, sizeof(free_counts));
    memset(taken, 1, sizeof(taken));
    for (pfn_t pfn = 0; pfn < FRAMES; pfn++)
        *pfn_to_page(pfn) = (struct page){.refs = 1, .flags = PAGE_FLAG_ONLINE, .order = (uint8_t)(pfn % 3)};
    srandom(1);
    return 0;
}

static pfn_t below(pfn_t limit)
{
    return (pfn_t)random() % limit;
}

/* The frames change hands, in the model and in what the allocator can see. */
static void mark(pfn_t pfn, pfn_t count, bool take)
{
    for (pfn_t i = pfn; i < pfn + count; i++) {
        assert_int_equal(taken[i], !take);
        taken[i] = take;
        pfn_to_page(i)->refs = take;
    }
}

static void give(pfn_t pfn, unsigned order)
{
    mark(pfn, 1UL << order, false);
    buddy_free(pfn, order);
}

/* => its first frame; 0: there is none */
static pfn_t take(unsigned order)
{
    const struct page *page = buddy_take(order);

    if (!page)
        return 0;
    pfn_t pfn = page_to_pfn(page);
    assert_true(pfn > 0 && pfn + (1UL << order) <= FRAMES);
    assert_int_equal(pfn % (1UL << order), 0);
    assert_int_equal(page->order, order);
    mark(pfn, 1UL << order, true);
    return pfn;
}

/* The lists are whole, and hold what the model says is free. */
static void check(void)
{
    int64_t count = 0;

    for (pfn_t pfn = 0; pfn < FRAMES; pfn++)
        count += !taken[pfn];
    assert_int_equal(buddy_walk(), count);
}

static uint64_t blocks(unsigned order)
{
    return free_counts[order];
}

static void blocks_are_listed(void **state)
{
    static const pfn_t pfns[] = {8, 64, 2048, 4096};
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        mark(pfns[i], 8, false);
        block_push(pfns[i], 3);
        check();
        assert_int_equal(blocks(3), i + 1);
    }
    for (unsigned i = 1; i < 5; i++) { /* from the middle, from the ends */
        pfn_t pfn = pfns[i % 4];
        block_remove(pfn_to_page(pfn));
        mark(pfn, 8, true);
        check();
        assert_int_equal(blocks(3), 4 - i);
        assert_int_equal(pfn_to_page(pfn)->flags, PAGE_FLAG_ONLINE);
    }
    assert_int_equal(free_blocks[3], 0);
}

static void buddies_become_one(void **state)
{
    static pfn_t order_of_free[LARGEST];
    (void)state;

    give(64, 4);
    give(80, 4);
    assert_int_equal(blocks(5), 1);
    give(144, 4);
    give(128, 4); /* the lower one last */
    assert_int_equal(blocks(5), 2);
    give(96, 5);
    assert_int_equal(blocks(6), 1);
    assert_int_equal(blocks(4), 0);
    check();

    for (pfn_t i = 0; i < LARGEST; i++)
        order_of_free[i] = i;
    for (pfn_t i = LARGEST; i > 1; i--) {
        pfn_t other = below(i), last = order_of_free[i - 1];
        order_of_free[i - 1] = order_of_free[other];
        order_of_free[other] = last;
    }
    for (pfn_t i = 0; i < LARGEST; i++) {
        give(2 * LARGEST + order_of_free[i], 0);
        if (i % 64 == 0)
            check();
    }
    assert_int_equal(blocks(PAGE_MAX_ORDER), 1);
    check();
}

static void others_stay_apart(void **state)
{
    (void)state;
    give(4, 2);
    give(8, 2); /* neighbours, but no buddies: 4 ^ 4 is 0 */
    assert_int_equal(blocks(2), 2);
    give(64, 3);
    give(72, 2); /* the buddy of 72 for order 2 is 76; of 64 for order 3 it is 72, which is smaller */
    assert_int_equal(blocks(3), 1);
    assert_int_equal(blocks(2), 3);
    give(96, 3);
    give(104, 3);
    assert_int_equal(blocks(4), 1);
    pfn_to_page(129)->order = 0;
    give(128, 0); /* its buddy is taken, whatever its order says */
    assert_int_equal(blocks(0), 1);
    give(2 * LARGEST, PAGE_MAX_ORDER);
    give(3 * LARGEST, PAGE_MAX_ORDER);
    assert_int_equal(blocks(PAGE_MAX_ORDER), 2);
    check();
}

static void a_range_becomes_few_blocks(void **state)
{
    (void)state;
    mark(1, FRAMES - 1, false);
    buddy_free_range(1, FRAMES);
    for (unsigned order = 0; order < PAGE_MAX_ORDER; order++)
        assert_int_equal(blocks(order), 1);
    assert_int_equal(blocks(PAGE_MAX_ORDER), FRAMES / LARGEST - 1);
    check();

    begin(state);
    mark(100, 61, false);
    buddy_free_range(100, 161); /* 4 at 100, 8 at 104, 16 at 112, 32 at 128, 1 at 160 */
    buddy_free_range(300, 300);
    for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++)
        assert_int_equal(blocks(order), order != 1 && order < 6);
    check();
}

static void blocks_are_split(void **state)
{
    (void)state;
    assert_int_equal(take(0), 0);
    give(LARGEST, PAGE_MAX_ORDER);
    pfn_t pfn = take(0);
    assert_int_equal(pfn & ~(LARGEST - 1), LARGEST);
    for (unsigned order = 0; order < PAGE_MAX_ORDER; order++)
        assert_int_equal(blocks(order), 1);
    check();
    assert_int_equal(take(3) & ~(LARGEST - 1), LARGEST); /* one of that order is there */
    assert_int_equal(blocks(3), 0);
    assert_int_equal(blocks(4), 1);
    assert_int_equal(take(PAGE_MAX_ORDER), 0);
    give(2 * LARGEST, PAGE_MAX_ORDER);
    assert_int_equal(take(3) & ~(LARGEST - 1), LARGEST); /* the smallest block that is large enough */
    assert_int_equal(blocks(4), 0);
    assert_int_equal(blocks(PAGE_MAX_ORDER), 1);
    assert_int_equal(take(PAGE_MAX_ORDER), 2 * LARGEST);
    check();
}

static void no_frame_twice(void **state)
{
    enum { HELD = 600, STEPS = 60000 };
    static struct {
        pfn_t pfn;
        unsigned order;
    } held[HELD];
    (void)state;

    memset(held, 0, sizeof(held));
    mark(1, FRAMES - 1, false);
    buddy_free_range(1, FRAMES);
    for (int step = 0; step < STEPS; step++) {
        pfn_t i = below(HELD);
        if (held[i].pfn) {
            give(held[i].pfn, held[i].order);
            held[i].pfn = 0;
        } else {
            held[i].order = below(3) ? (unsigned)below(4) : (unsigned)below(PAGE_MAX_ORDER + 1);
            held[i].pfn = take(held[i].order);
        }
        if (step % 1000 == 0)
            check();
    }
    for (int i = 0; i < HELD; i++)
        if (held[i].pfn)
            give(held[i].pfn, held[i].order);
    assert_int_equal(blocks(PAGE_MAX_ORDER), FRAMES / LARGEST - 1);
    check();
}

static void exhaustion_and_refill(void **state)
{
    pfn_t count = 0;
    (void)state;

    mark(1, FRAMES - 1, false);
    buddy_free_range(1, FRAMES);
    while (take(0))
        count++;
    assert_int_equal(count, FRAMES - 1);
    check();
    for (pfn_t i = 0, pfn = 1; i < FRAMES;
         i++, pfn = (pfn + 4097) % FRAMES) /* odd: it comes to every frame */
        if (pfn != 0)
            give(pfn, 0);
    for (unsigned order = 0; order < PAGE_MAX_ORDER; order++)
        assert_int_equal(blocks(order), 1);
    assert_int_equal(blocks(PAGE_MAX_ORDER), FRAMES / LARGEST - 1);
    check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blocks_are_listed, begin),
        cmocka_unit_test_setup(buddies_become_one, begin),
        cmocka_unit_test_setup(others_stay_apart, begin),
        cmocka_unit_test_setup(a_range_becomes_few_blocks, begin),
        cmocka_unit_test_setup(blocks_are_split, begin),
        cmocka_unit_test_setup(no_frame_twice, begin),
        cmocka_unit_test_setup(exhaustion_and_refill, begin),
    };

    if (mmap((void *)FRAME_ARRAY, FRAMES * sizeof(struct page), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        panic("no frame array");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
