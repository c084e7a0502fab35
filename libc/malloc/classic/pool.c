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

#define DEFAULT_LIMIT ((size_t)128 * 1024)
#define MOST_BYTES ((size_t)64 << 30) /* that a region can have; less where addresses are short */
#define LEAST_BYTES ((size_t)64 << 20)
#define READY_STEP ((size_t)4 << 20) /* of the heap: its records get access in such steps */

struct pool pool;
size_t chunk_key;
struct page first_pages[FIRST_PAGES];

#define MAGIC(class) ((((uint64_t)1 << 32) + (class) * ALIGN - 1) / ((class) * ALIGN))
const uint32_t class_magic[SLAB_CLASSES + 1] = {0,        MAGIC(1), MAGIC(2), MAGIC(3), MAGIC(4),
                                                MAGIC(5), MAGIC(6), MAGIC(7), MAGIC(8)};

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

struct page *page_elsewhere(const void *address)
{
    const struct region *r = &pool.regions[1];
    size_t offset = (uintptr_t)address - PEEK(r->base);

    return offset < PEEK(r->span) ? PEEK(r->pages) + offset / PAGE : NULL;
}

void pool_start(void)
{
    glue_take(&pool.lock);
    if (!pool.ready) {
        chunk_key = glue_random() >> 16 | 1;
        pool.mmap_threshold = from_environment("MALLOC_MMAP_THRESHOLD_", DEFAULT_LIMIT);
        pool.mmap_max = from_environment("MALLOC_MMAP_MAX_", 65536);
        pool.trim_threshold = from_environment("MALLOC_TRIM_THRESHOLD_", DEFAULT_LIMIT);
        pool.top_pad = from_environment("MALLOC_TOP_PAD_", DEFAULT_LIMIT);
        pool.checking = from_environment("MALLOC_CHECK_", 0) != 0;
        pool.used = pool.arenas = 1;
        pool.ready = true;
    }
    glue_drop(&pool.lock);
}

bool pool_set(int parameter, int value)
{
    size_t *const settings[] = {[M_MMAP_THRESHOLD + 4] = &pool.mmap_threshold,
                                [M_MMAP_MAX + 4] = &pool.mmap_max,
                                [M_TRIM_THRESHOLD + 4] = &pool.trim_threshold,
                                [M_TOP_PAD + 4] = &pool.top_pad};

    if (parameter < -4 || parameter > -1)
        return false;
    *settings[parameter + 4] = value < 0 ? SIZE_MAX : (size_t)value;
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
    for (; start < end; start += PAGE) {
        struct page *page = page_find((void *)start);

        if (page->arena != arena)
            page->arena = (uint8_t)arena;
    }
    if (r == pool.regions && !pool.checking && !glue_watched)
        POKE(pool.fast, r->span < FAST_PAGES * PAGE ? r->span : FAST_PAGES * PAGE);
}

/* At the break: right behind `end`, or above what others did with it. */
static bool grow_by_break(uintptr_t end, size_t bytes, unsigned arena, uintptr_t *start, uintptr_t *clean)
{
    struct region *r = pool.regions;
    uintptr_t now = glue_break();

    if (now == 0)
        return false;
    if (r->base == 0)
        POKE(r->base, now & ~(PAGE - 1));
    *clean =
        align_up(now, PAGE); /* the rest of a page that the break's former owner had may hold its bytes */
    *start = now == end ? end : align_up(now, ALIGN);

    uintptr_t last = align_up(*start + bytes, PAGE);

    if (now < r->base || !region_describe(r, last - r->base) || !glue_break_set(last))
        return false;
    region_own(r, *start, last, arena);
    return true;
}

static bool grow_reserved(size_t bytes, unsigned arena, uintptr_t *start, uintptr_t *clean)
{
    struct region *r = &pool.regions[1];

    if (!r->base)
        r->base = (uintptr_t)reserve_most(&r->limit, 1);
    *start = *clean = r->base + r->ready;
    bytes = align_up(bytes, PAGE);
    if (!r->base || bytes > r->limit - r->ready || !region_describe(r, r->ready + bytes) ||
        !glue_pages_protect((void *)*start, bytes, true))
        return false;
    r->ready += bytes;
    region_own(r, *start, *start + bytes, arena);
    return true;
}

bool pool_grow(uintptr_t end, size_t bytes, unsigned arena, uintptr_t *start, uintptr_t *last,
               uintptr_t *clean)
{
    glue_take(&pool.lock);

    bool grown = grow_by_break(end, bytes, arena, start, clean) || grow_reserved(bytes, arena, start, clean);

    glue_drop(&pool.lock);
    *last = grown ? align_up(*start + bytes, PAGE) : 0;
    return grown;
}

bool pool_shrink(uintptr_t end, size_t bytes)
{
    struct region *r = &pool.regions[1];
    bool done;

    glue_take(&pool.lock);
    if (end == r->base + r->ready) {
        glue_pages_discard((void *)(end - bytes), bytes);
        done = glue_pages_protect((void *)(end - bytes), bytes, false);
        r->ready -= done ? bytes : 0;
    } else {
        done = glue_break() == end && glue_break_set(end - bytes);
        r = pool.regions;
    }
    if (done)
        region_own(r, end - bytes, end - bytes, 0);
    glue_drop(&pool.lock);
    return done;
}
