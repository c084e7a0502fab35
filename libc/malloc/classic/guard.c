/* SPDX-License-Identifier: MIT */
/* guard.c - checking mode (MALLOC_CHECK_ in the environment): every block with a note in front and a canary behind.
 *
 *     | note: request, who took it, who freed it, seal | the bytes asked for: a5 a5 ... | ca ca ca ... |
 *
 *     from 128 KiB on   | gap | header | note | the bytes asked for | a page without access |
 *
 * free fills the block with 5a (a large one loses access) and puts it in a queue; it is given back when QUEUE others, or
 * QUEUE_BYTES, came after it, and must still read 5a then. So a write after free, an overflow or an underflow is found at
 * the free, at the end of the queue or at exit, where also the blocks are listed that were never freed.
 * The blocks are chunks of the first arena, or have a mapping of their own. One lock for all this.
 */
#include <string.h>

#include "heap.h"
#include "malloc/words.h"

#define FILL_FRESH 0xa5
#define FILL_FREED 0x5a
#define FILL_CANARY 0xca
#define CANARY ((size_t)16) /* bytes, at least */
#define QUEUE 1024
#define QUEUE_BYTES ((size_t)8 << 20)
#define SHOWN 20 /* leaks that are listed one by one */

struct note {
    struct note *next, *prev; /* the live ones */
    struct chunk *base;       /* that this lies in */
    size_t request;
    uintptr_t made, freed; /* call sites; freed 0: alive */
    size_t unused, seal;
};

int guard_lock;
static struct note live = {.next = &live, .prev = &live}; /* the ends of the list */
static struct note *queue[QUEUE];
static size_t queue_first, queue_count, queue_bytes;

static size_t seal_of(const struct note *n)
{
    size_t mix = (uintptr_t)n ^ chunk_key;

    mix = (mix ^ (uintptr_t)n->base) * SEAL_MIX;
    mix = (mix ^ n->request ^ n->made << 16) * SEAL_MIX;
    return (mix ^ n->freed) * SEAL_MIX | 1;
}

static unsigned char *user_of(const struct note *n)
{
    return (unsigned char *)(uintptr_t)(n + 1);
}

static bool is_large(const struct note *n)
{
    return !page_find(n);
}

/* Where the canary ends: where the chunk does. */
static const unsigned char *end_of(const struct note *n)
{
    if (is_large(n))
        return (unsigned char *)align_up((uintptr_t)user_of(n) + n->request, PAGE);
    return (unsigned char *)chunk_user(n->base) + chunk_capacity(n->base);
}

/* `wrong`: the byte that should not be as it is, NULL: none. */
static _Noreturn void die(const char *words, const char *what, const struct note *n, const void *wrong)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    report_sites(&t, what, user_of(n), n->request, n->made, n->freed);
    if (wrong)
        text_say(&t, TEXT(byte_written), wrong);
    text_die(&t);
}

/* The first byte from `at` on that is not `fill`; `end`: all are. */
static const unsigned char *first_other(const unsigned char *at, const unsigned char *end, int fill)
{
    while (at < end && *at == fill)
        at++;
    return at;
}

/* Ends the program if the canary is not whole. */
static void verify_canary(const struct note *n)
{
    const unsigned char *wrong = first_other(user_of(n) + n->request, end_of(n), FILL_CANARY);

    if (wrong != end_of(n))
        die("memory clobbered past end of allocated block", TEXT(past_end_of), n, wrong);
}

/* The note of the live block p; the program ends if there is none. */
static struct note *note_verify(const char *caller, const void *p)
{
    struct note *n = (struct note *)((uintptr_t)p - sizeof(*n));
    const struct page *page = page_find(n);
    bool inside = page ? page_find(p) != NULL : large_below(chunk_of(n)) == chunk_of(n);

    if ((uintptr_t)p % ALIGN != 0 || !inside)
        report_pointer(caller, p);
    if (n->seal != seal_of(n)) {
        if (!page || chunk_is_block(chunk_of(n)))
            report_broken("free(): invalid pointer", p, TEXT(front_lost));
        report_pointer(caller, p);
    }
    if (n->freed && strcmp(caller, "free") == 0)
        die("free(): double free detected in tcache 2", TEXT(double_free_of), n, NULL);
    if (n->freed)
        die("realloc(): invalid pointer", TEXT(use_freed), n, NULL);
    verify_canary(n);
    return n;
}

void *guard_new(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    size_t whole = sizeof(struct note) + bytes + CANARY + (alignment > ALIGN ? alignment : 0);
    struct note *n = large_wants(whole) ? large_new(bytes, alignment, sizeof(*n)) : NULL;
    struct chunk *base = chunk_of(n);

    if (!n) {
        GLUE_HOLD(arenas[0].lock);
        base = heap_new(&arenas[0], chunk_bytes(whole), 1, ALIGN, true, NULL);
        if (!base)
            return NULL;
        n = (struct note *)(align_up((uintptr_t)chunk_user(base) + sizeof(*n), alignment) - sizeof(*n));
    }
    *n = (struct note){.base = base, .request = bytes, .made = site};
    n->seal = seal_of(n);
    memset(user_of(n), zero ? 0 : FILL_FRESH, bytes);
    memset(user_of(n) + bytes, FILL_CANARY, (size_t)(end_of(n) - user_of(n)) - bytes);

    GLUE_HOLD(guard_lock);
    n->next = live.next;
    n->prev = &live;
    live.next = n->next->prev = n;
    return user_of(n);
}

/* The oldest of the queue goes back. => the lock is held */
static void queue_pop(void)
{
    struct note *n = queue[queue_first++ % QUEUE];

    queue_count--;
    queue_bytes -= n->request;
    if (n->seal != seal_of(n))
        report_broken("free(): invalid pointer", user_of(n), TEXT(front_lost));
    if (is_large(n)) {
        gone_note(&large_gone, user_of(n), n->request, n->made, n->freed);
        large_put(chunk_of(n));
        return;
    }

    const unsigned char *end = user_of(n) + n->request, *wrong = first_other(user_of(n), end, FILL_FREED);

    if (wrong != end)
        die("free(): invalid size", TEXT(after_free_of), n, wrong);
    verify_canary(n);

    GLUE_HOLD(arenas[0].lock);
    heap_put(&arenas[0], n->base, chunk_size(n->base));
}

void guard_put(void *p, uintptr_t site)
{
    GLUE_HOLD(guard_lock);
    struct note *n = note_verify("free", p);
    uintptr_t whole_pages = align_up((uintptr_t)p, PAGE);

    n->next->prev = n->prev;
    n->prev->next = n->next;
    n->freed = site ? site : 1;
    n->seal = seal_of(n);
    if (is_large(n))
        glue_pages_protect((void *)whole_pages, (uintptr_t)end_of(n) - whole_pages, false);
    else
        memset(p, FILL_FREED, n->request);
    queue[(queue_first + queue_count++) % QUEUE] = n;
    queue_bytes += n->request;
    while (queue_count == QUEUE || (queue_bytes > QUEUE_BYTES && queue_count > 1))
        queue_pop();
}

void *guard_fit(void *p, size_t bytes, uintptr_t site)
{
    size_t room = guard_room("realloc", p);
    void *moved = guard_new(bytes, ALIGN, false, site);

    if (!moved)
        return NULL;
    memcpy(moved, p, room < bytes ? room : bytes);
    guard_put(p, site);
    return moved;
}

size_t guard_room(const char *caller, const void *p)
{
    GLUE_HOLD(guard_lock);
    return note_verify(caller, p)->request;
}

const char *guard_damage(void)
{
    GLUE_HOLD(guard_lock);
    for (const struct note *n = live.next; n != &live; n = n->next)
        if (n->seal != seal_of(n))
            return "I8: the note in front of a guarded block carries its seal";
        else if (first_other(user_of(n) + n->request, end_of(n), FILL_CANARY) != end_of(n))
            return "I8: the canary behind a guarded block is whole";
    return NULL;
}

void guard_drain(void)
{
    GLUE_HOLD(guard_lock);
    while (queue_count)
        queue_pop();
}

/* At exit: the queue is looked through, the live blocks too, and what was never freed is listed. */
__attribute__((destructor)) static void guard_end(void)
{
    struct text t = {.length = 0};
    size_t blocks = 0, bytes = 0;

    if (!pool.checking || !glue_try(&guard_lock))
        return;
    while (queue_count)
        queue_pop();
    for (const struct note *n = live.next; n != &live; n = n->next, blocks++) {
        verify_canary(n);
        bytes += n->request;
    }
    if (blocks)
        text_say(&t, TEXT(leak_total), bytes, blocks, blocks > SHOWN ? TEXT(last_ones) : ":");
    glue_say(t.bytes, t.length);
    blocks = 0;
    for (const struct note *n = live.next; n != &live && blocks < SHOWN; n = n->next, blocks++) {
        t.length = 0;
        report_sites(&t, TEXT(never_freed), user_of(n), n->request, n->made, 0);
        glue_say(t.bytes, t.length);
    }
    glue_drop(&guard_lock);
}
