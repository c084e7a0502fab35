/* SPDX-License-Identifier: MIT */
/* pool.c - addresses: the break, the records of its pages, and the numbers that can be turned.
 *
 *     regions[0]   base                                     the break
 *                  | arena 0 | arena 1 | arena 0 | foreign | arena 0 |
 *     records      |  first_pages: 64 bytes for each of 512 pages  |  pages: for all others, elsewhere ...
 *
 * The records of the first 2 MiB are a static array, so that a small program has nothing beside the break. When they do not suffice,
 * addresses for many are reserved, which get frames as the heap grows; no record ever moves. Whoever reads one without the lock has a
 * block of that page: that it is a slab's was written before the block could be passed on.
 *
 * Others may move the break too (sbrk in the program): what they have stays a hole. If the break cannot move at all, the heap
 * grows in regions[1], which is reserved then.
 */
#include "malloc/interface.h"
#include "heap.h"

#define MOST_BYTES ((size_t)64 << 30) /* that a region can have; less where addresses are short */
#define LEAST_BYTES ((size_t)64 << 20)
#define READY_STEP ((size_t)4 << 20) /* of the heap: its records get access in such steps */

struct pool pool;
size_t chunk_key;
struct page first_pages[FIRST_PAGES];

#define MAGIC(class) (UINT32_MAX / ((class) * ALIGN) + 1)
const uint32_t class_magic[SLAB_CLASSES + 1] = {0,        MAGIC(1), MAGIC(2), MAGIC(3), MAGIC(4),
                                                MAGIC(5), MAGIC(6), MAGIC(7), MAGIC(8)};

static const struct setting {
    const char *variable; /* of the environment */
    size_t *value, first;
} settings[] = {
    [M_MMAP_THRESHOLD + 4] = {"MALLOC_MMAP_THRESHOLD_", &pool.mmap_threshold, DEFAULT_LIMIT},
    [M_MMAP_MAX + 4] = {"MALLOC_MMAP_MAX_", &pool.mmap_max, 65536},
    [M_TRIM_THRESHOLD + 4] = {"MALLOC_TRIM_THRESHOLD_", &pool.trim_threshold, DEFAULT_LIMIT},
    [M_TOP_PAD + 4] = {"MALLOC_TOP_PAD_", &pool.top_pad, DEFAULT_LIMIT},
};

/* Decimal digits; a minus in front means "without limit"; anything else is ignored. */
static size_t from_environment(const char *name, size_t otherwise)
{
    const char *text = glue_environment(name);
    size_t value = 0;

    if (!text || !*text)
        return otherwise;
    if (*text == '-')
        return SIZE_MAX;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value < LIMIT ? value * 10 + (size_t)(*text - '0') : LIMIT;
    return *text ? otherwise : value;
}

void pool_start(void)
{
    pool.checking = from_environment("MALLOC_CHECK_", 0) != 0;
    pool.adapts = !pool.checking;
    for (const struct setting *s = settings; s < settings + 4; s++) {
        *s->value = from_environment(s->variable, s->first);
        pool.adapts &= *s->value == s->first;
    }
    chunk_key = glue_random() >> 16 | 1;
    pool.used = pool.arenas = 1;
    pool.ready = true;
}

bool pool_set(int parameter, int value)
{
    if (parameter < -4 || parameter > -1)
        return false;
    pool.adapts = false; /* as glibc has it */
    *settings[parameter + 4].value = value < 0 ? SIZE_MAX : (size_t)value;
    return true;
}

/* Addresses for as much of MOST_BYTES as there are, of which each needs one in `part`. */
static void *reserve_most(size_t *bytes, size_t part)
{
    void *pages = NULL;

    for (*bytes = MOST_BYTES; *bytes >= LEAST_BYTES; *bytes /= 2)
        if ((pages = glue_pages_reserve(*bytes / part)))
            break;
    return pages;
}

/* Records for the first `span` bytes of a region: addresses for as many as possible, access to what is needed, in steps. */
static bool region_describe(struct region *r, size_t span)
{
    size_t wanted = align_up(span, READY_STEP);

    if (span <= r->described || (r == pool.regions && span <= FIRST_PAGES * PAGE))
        return true;
    if (!r->pages)
        POKE(r->pages, reserve_most(&r->room, PAGE / sizeof(struct page)));
    if (!r->pages || span > r->room ||
        !glue_pages_protect(r->pages + r->described / PAGE,
                            (wanted - r->described) / PAGE * sizeof(struct page), true))
        return false;
    r->described = wanted;
    return true;
}

static void region_own(struct region *r, uintptr_t start, uintptr_t end, unsigned arena)
{
    POKE(r->span, end - r->base);
    for (; pool.used > 1 && start < end;
         start += PAGE) /* before, all are arena 0's: those records need no frames */
        page_find((void *)start)->arena = (uint8_t)arena;
    if (r == pool.regions && !pool.checking && !glue_watched)
        POKE(pool.fast, r->span < FAST_PAGES * PAGE ? r->span : FAST_PAGES * PAGE);
}

static uintptr_t region_end(const struct region *r)
{
    return r == pool.regions ? glue_break() : r->base + r->span;
}

/* Moves a region's end, if that is possible. What it had there reads zero should it come back. */
static bool region_move(struct region *r, uintptr_t end, uintptr_t to)
{
    if (r == pool.regions)
        return glue_break_set(to);
    if (to > end)
        return to - r->base <= r->limit && glue_pages_protect((void *)end, to - end, true);
    glue_pages_discard((void *)to, end - to);
    return glue_pages_protect((void *)to, end - to, false);
}

/* Behind `end` if that is where the region ends; else above what others did with the break. */
static bool region_grow(struct region *r, uintptr_t end, size_t bytes, unsigned arena, struct space *got)
{
    if (!r->base && r != pool.regions)
        r->base = (uintptr_t)reserve_most(&r->limit, 1);

    uintptr_t now = region_end(r);

    if (!r->base)
        POKE(r->base, now & ~(PAGE - 1));
    got->clean = align_up(now, PAGE); /* before, others may have left bytes */
    got->start = now == end ? end : align_up(now, ALIGN);
    got->end = align_up(got->start + bytes, PAGE);
    if (now == 0 || now < r->base || !region_describe(r, got->end - r->base) ||
        !region_move(r, now, got->end))
        return false;
    region_own(r, got->start, got->end, arena);
    return true;
}

bool pool_grow(uintptr_t end, size_t bytes, unsigned arena, struct space *got)
{
    GLUE_HOLD(pool.lock);
    return region_grow(&pool.regions[0], end, bytes, arena, got) ||
           region_grow(&pool.regions[1], end, bytes, arena, got);
}

bool pool_shrink(uintptr_t end, uintptr_t to)
{
    GLUE_HOLD(pool.lock);
    for (struct region *r = pool.regions; r < pool.regions + 2; r++)
        if (region_end(r) == end && region_move(r, end, to)) {
            region_own(r, to, to, 0);
            return true;
        }
    return false;
}
