/* SPDX-License-Identifier: MIT */
/* fuzz_memory.c - random memory calls against a model.     fuzz_memory [CALLS [SEED]]
 *
 * An arena of pages is mapped, unmapped, protected, locked, advised, moved, truncated below and forked by calls whose arguments
 * lie near every boundary. The model says of each page what it is and which byte it holds, and so of each call what it must
 * return, wholly or up to where. Results and bytes are compared at once; what a failure prints replays it. The last line is a hash
 * of all results, which must be the same on Linux.
 *
 * Where neighbours that are alike may be one region or two (it depends on who was touched first), no call asks: each page has the
 * number of the call that gave it its kind and permissions, and only pages of one number are taken for one region. Nor are
 * regions moved several at a time, which Linux allows since 6.17. */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "fuzz.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define BASE 0x200000000000UL
#define PAGES 192
#define FILE_PAGES 48
#define OBJECTS (PAGES + 1)
#define OBJECT_PAGES 40
#define HUGE_LENGTH (~0UL - 3 * PAGE)
#define RW (PROT_READ | PROT_WRITE)
#define ELSEWHERE 1 /* a result: somewhere outside the arena */

enum kind { ANONYMOUS, SHARED, FILE_PRIVATE, FILE_SHARED };

struct page {
    bool mapped, own /* a private page that was written */, locked, dontfork, wipe, may_write;
    bool sent_out; /* by MADV_PAGEOUT: where there is swap it may be there */
    bool freed;    /* by MADV_FREE, and not written since */
    uint8_t prot, kind, value;
    uint16_t object, index;
    uint32_t number;
};

static struct page pages[PAGES + OBJECT_PAGES]; /* the last ones stay free */
static struct {
    unsigned pages;
    uint8_t value[OBJECT_PAGES];
} objects[OBJECTS];
static uint8_t file_value[FILE_PAGES];
static unsigned file_pages = FILE_PAGES;
static int file, file_read_only;
static uint32_t numbers;
static bool populates_behind_holes, unmaps_first, looks_for_any_room, looks_up_first; /* so did Linux 6.1 */

static unsigned char *at(unsigned page)
{
    return (unsigned char *)(BASE + page * PAGE);
}

/* `told`: what the latest Linux answers, for the hash. */
static void result_was(long got, long wanted, long told)
{
    if (wanted == ELSEWHERE &&
        (got < 0 || ((unsigned long)got >= BASE && (unsigned long)got < BASE + PAGES * PAGE)))
        fail("result", got, wanted);
    if (wanted != ELSEWHERE && got != wanted)
        fail("result", got, wanted);
    hash_add(told);
}

static void result_is(long got, long wanted)
{
    result_was(got, wanted, wanted);
}

/* ---- what the model knows ---- */

static bool beyond(const struct page *page)
{
    if (page->kind == SHARED)
        return page->index >= objects[page->object].pages;
    return page->kind != ANONYMOUS && page->index >= file_pages;
}

static bool readable(const struct page *page)
{
    return page->mapped && page->prot != PROT_NONE && !beyond(page);
}

static bool writable(const struct page *page)
{
    return page->mapped && page->prot & PROT_WRITE && !beyond(page);
}

static uint8_t *value_of(struct page *page)
{
    if (page->kind == SHARED)
        return &objects[page->object].value[page->index];
    if (page->kind == FILE_SHARED || (page->kind == FILE_PRIVATE && !page->own))
        return &file_value[page->index];
    return &page->value;
}

/* A write fault: a private page becomes the region's own, with the bytes that it had. */
static void becomes_own(struct page *page)
{
    if (page->kind == FILE_PRIVATE && !page->own)
        page->value = file_value[page->index];
    page->own = page->kind == ANONYMOUS || page->kind == FILE_PRIVATE;
}

static void loses_own(struct page *page)
{
    page->own = false;
    page->value = 0;
}

/* [first, end) get a new number for each one that they had. */
static void renumber(unsigned first, unsigned end)
{
    uint32_t old = 0;

    for (unsigned i = first; i < end; i++) {
        if (i == first || pages[i].number != old)
            numbers++;
        old = pages[i].number;
        pages[i].number = numbers;
    }
}

/* Are two neighbours surely of two regions? */
static bool apart(const struct page *one, const struct page *two)
{
    return !one->mapped || !two->mapped || one->prot != two->prot || one->kind != two->kind ||
           one->locked != two->locked || (one->kind == SHARED && one->object != two->object) ||
           (one->kind != ANONYMOUS && one->index + 1 != two->index);
}

/* 1: [first, end) is within one region; 0: it is not; -1: who knows. */
static int one_region(unsigned first, unsigned end)
{
    int answer = pages[first].mapped;

    for (unsigned i = first + 1; i < end && answer != 0; i++) {
        if (apart(&pages[i - 1], &pages[i]))
            return 0;
        if (pages[i - 1].number != pages[i].number)
            answer = -1;
    }
    return answer;
}

/* ---- bytes ---- */

static void page_compare(unsigned i)
{
    struct page *page = &pages[i];
    const unsigned char *bytes = at(i);
    static const unsigned places[] = {0, PAGE / 2, PAGE - 1};

    if (!readable(page)) {
        result_is(raw(syscall(SYS_nanosleep, at(i), NULL)), -EFAULT);
        return;
    }
    for (unsigned place = 0; place < 3; place++)
        if (((const volatile unsigned char *)bytes)[places[place]] != *value_of(page))
            fail("byte", bytes[places[place]], *value_of(page));
}

static void page_write(unsigned i)
{
    struct page *page = &pages[i];
    uint8_t value = (uint8_t)(1 + pick(255));

    if (!writable(page)) {
        result_is(raw(syscall(SYS_clock_getres, CLOCK_MONOTONIC, at(i))), -EFAULT);
        return;
    }
    becomes_own(page);
    page->sent_out = page->freed = false;
    *value_of(page) = value;
    memset(at(i), value, PAGE);
}

static void touch(void)
{
    unsigned i = (unsigned)pick(PAGES);

    CALL("touch page %u", i);
    page_compare(i);
    if (pick(2))
        page_write(i);
}

/* ---- arguments ---- */

static unsigned first, count, end; /* pages */
static unsigned char *address;
static unsigned long length;
static enum { GOOD, MISALIGNED, NOTHING, HUGE } mistake;

static void choose_range(void)
{
    count = 1 + (unsigned)pick(pick(3) ? 6 : OBJECT_PAGES - 8);
    first = (unsigned)pick(PAGES - count + 1);
    if (pick(20) == 0)
        first = pick(2) ? 0 : PAGES - count;
    end = first + count;
    address = at(first);
    length = count * PAGE - (pick(3) ? 0 : pick(2) ? PAGE - 1 : 1);
    mistake = pick(12) ? GOOD : 1 + pick(3);
    if (mistake == MISALIGNED)
        address += pick(2) ? 1 : PAGE - 1;
    else if (mistake == NOTHING)
        length = 0;
    else if (mistake == HUGE)
        length = HUGE_LENGTH;
}

/* What a call says of each mistake. */
static bool refused(long got, int misaligned, int nothing, int huge)
{
    const int errors[] = {0, misaligned, nothing, huge};

    if (mistake != GOOD)
        result_is(got, -errors[mistake]);
    return mistake != GOOD;
}

static int choose_prot(void)
{
    static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, RW, PROT_READ | PROT_EXEC};
    return prots[pick(6)];
}

/* ---- the calls ---- */

static unsigned object_free(void)
{
    bool used[OBJECTS] = {false};
    unsigned object = 0;

    for (unsigned i = 0; i < PAGES; i++)
        if (pages[i].mapped && pages[i].kind == SHARED)
            used[pages[i].object] = true;
    while (used[object])
        object++;
    return object;
}

static void populate(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && !beyond(&pages[i]) && pages[i].prot; i++)
        if (pages[i].prot & PROT_WRITE)
            becomes_own(&pages[i]);
}

static void do_mmap(void)
{
    enum kind kind = (enum kind)pick(4);
    int prot = choose_prot(), flags = kind == ANONYMOUS || kind == FILE_PRIVATE ? MAP_PRIVATE : MAP_SHARED;
    bool of_file = kind >= FILE_PRIVATE, read_only = of_file && pick(3) == 0, taken = false;
    unsigned offset = of_file ? (unsigned)pick(FILE_PAGES - 8) : 0;
    int place = pick(4) ? MAP_FIXED : pick(2) ? MAP_FIXED_NOREPLACE : 0;

    choose_range();
    if (of_file && count > FILE_PAGES - offset)
        count = FILE_PAGES - offset, end = first + count, length = mistake == GOOD ? count * PAGE : length;
    if (mistake == MISALIGNED && !place)
        return; /* a hint only */
    if (pick(3) == 0)
        flags |= MAP_POPULATE;
    if (pick(4) == 0)
        flags |= MAP_NORESERVE;
    if (!of_file)
        flags |= MAP_ANONYMOUS;
    for (unsigned i = first; i < end; i++)
        taken |= pages[i].mapped;
    CALL("mmap(page %u, %#lx, %d, %#x, kind %d from %u)", first, length, prot, flags | place, kind, offset);
    int fd = !of_file ? -1 : read_only ? file_read_only : file;
    long got = raw(syscall(SYS_mmap, address, length, prot, flags | place, fd, offset * PAGE));
    if (refused(got, EINVAL, EINVAL, ENOMEM))
        return;
    if (taken && place == MAP_FIXED_NOREPLACE) {
        result_is(got, -EEXIST);
        return;
    }
    if (kind == FILE_SHARED && read_only && prot & PROT_WRITE) {
        result_is(got, -EACCES);
        return;
    }
    if (taken && !place) {
        result_is(got, ELSEWHERE);
        munmap((void *)got, length);
        return;
    }
    result_is(got, (long)address);
    unsigned object = kind == SHARED ? object_free() : 0;
    numbers++;
    for (unsigned i = first; i < end; i++)
        pages[i] = (struct page){.mapped = true,
                                 .prot = (uint8_t)prot,
                                 .kind = kind,
                                 .may_write = !(kind == FILE_SHARED && read_only),
                                 .object = (uint16_t)object,
                                 .index = (uint16_t)(offset + i - first),
                                 .number = numbers};
    if (kind == SHARED) {
        objects[object].pages = count;
        memset(objects[object].value, 0, sizeof(objects[object].value));
    }
    if (flags & MAP_POPULATE)
        populate(first, end);
}

static void do_munmap(void)
{
    choose_range();
    CALL("munmap(page %u, %#lx)", first, length);
    if (refused(raw(syscall(SYS_munmap, address, length)), EINVAL, EINVAL, EINVAL))
        return;
    memset(&pages[first], 0, count * sizeof(pages[0]));
}

static void do_mprotect(void)
{
    int prot = choose_prot();
    long wanted = 0;
    unsigned i;

    choose_range();
    CALL("mprotect(page %u, %#lx, %d)", first, length, prot);
    bool bad = pick(40) == 0;
    long got = raw(syscall(SYS_mprotect, address, length, bad ? 0x40 : prot));
    if (refused(got, EINVAL, 0, ENOMEM))
        return;
    for (i = first; i < end && !wanted && !bad; i++)
        wanted = !pages[i].mapped ? -ENOMEM : prot & PROT_WRITE && !pages[i].may_write ? -EACCES : 0;
    result_is(got, bad ? -EINVAL : wanted);
    unsigned stop = bad ? first : wanted ? i - 1 : i;
    for (i = first; i < stop; i++)
        pages[i].prot = (uint8_t)prot;
    renumber(first, stop);
}

static void do_madvise(void)
{
    static const int advices[] = {MADV_DONTNEED,
                                  MADV_DONTNEED,
                                  MADV_FREE,
                                  MADV_NORMAL,
                                  MADV_WILLNEED,
                                  MADV_COLD,
                                  MADV_PAGEOUT,
                                  MADV_PAGEOUT,
                                  MADV_PAGEOUT,
                                  22,
                                  23,
                                  23,
                                  24,
                                  MADV_DONTFORK,
                                  MADV_DOFORK,
                                  MADV_DONTDUMP,
                                  MADV_WIPEONFORK,
                                  MADV_KEEPONFORK,
                                  77};
    int advice = advices[pick(sizeof(advices) / sizeof(advices[0]))];
    long wanted = 0, told = 0;

    choose_range();
    for (unsigned i = first; i < end; i++)
        if ((pages[i].freed && advice == MADV_PAGEOUT) || (pages[i].sent_out && advice == MADV_FREE))
            advice = MADV_COLD; /* the two together may make it zeros, now or later */
    CALL("madvise(page %u, %#lx, %d)", first, length, advice);
    long got = raw(syscall(SYS_madvise, address, length, advice));
    if (advice == 77) {
        result_is(got, -EINVAL);
        return;
    }
    if (refused(got, EINVAL, 0, EINVAL))
        return;
    unsigned done = first;
    for (; done < end; done++) {
        struct page *page = &pages[done];
        bool populates = advice == 22 || advice == 23;
        if (!page->mapped) {
            wanted = -ENOMEM;
            if (populates && !populates_behind_holes)
                break;
            told = told ? told : wanted;
            continue;
        }
        if (populates) {
            long refusal = 0;
            if (page->prot == PROT_NONE || (advice == 23 && !(page->prot & PROT_WRITE)))
                refusal = -EINVAL;
            else if (beyond(page))
                refusal = -EFAULT;
            if (refusal) {
                wanted = refusal;
                break;
            }
            if (advice == 23)
                becomes_own(page);
            continue;
        }
        bool private_anonymous = page->kind == ANONYMOUS;
        if ((page->locked && (advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_COLD ||
                              advice == MADV_PAGEOUT)) ||
            (!private_anonymous && (advice == MADV_FREE || advice == MADV_WIPEONFORK))) {
            wanted = -EINVAL;
            break;
        }
        if (advice == MADV_DONTNEED || advice == 24)
            loses_own(page);
        page->sent_out |= advice == MADV_PAGEOUT;
        page->freed |= advice == MADV_FREE;
        if (advice == MADV_DONTFORK || advice == MADV_DOFORK)
            page->dontfork = advice == MADV_DONTFORK;
        if (advice == MADV_WIPEONFORK || advice == MADV_KEEPONFORK)
            page->wipe = advice == MADV_WIPEONFORK;
    }
    result_was(got, wanted, (advice == 22 || advice == 23) && told ? told : wanted);
    renumber(first, end);
}

static void do_mlock(void)
{
    static const long calls[] = {SYS_mlock, SYS_mlock2, SYS_munlock, SYS_munlock};
    long call = calls[pick(4)], wanted = 0;
    unsigned done;

    choose_range();
    for (unsigned i = first; i < end; i++)
        if (pages[i].kind == FILE_PRIVATE)
            call = SYS_munlock; /* when these are copied is more than the model knows */
    CALL("lock call %ld(page %u, %#lx)", call, first, length);
    if (mistake == MISALIGNED && first + count >= PAGES)
        return;
    if (mistake == MISALIGNED)
        mistake = GOOD, end++, count++, length = (count - 1) * PAGE;
    for (unsigned i = first; i < end; i++)
        if (pages[i].kind == FILE_PRIVATE)
            call = SYS_munlock;
    long got = raw(syscall(call, address, length, call == SYS_mlock2 ? MLOCK_ONFAULT : 0));
    if (refused(got, 0, 0, EINVAL))
        return;
    for (done = first; done < end && pages[done].mapped; done++)
        pages[done].locked = call != SYS_munlock;
    renumber(first, done);
    if (done < end)
        wanted = -ENOMEM;
    for (unsigned i = first; i < end && !wanted && call == SYS_mlock; i++) {
        if (pages[i].prot == PROT_NONE || beyond(&pages[i]))
            wanted = -ENOMEM;
    }
    result_is(got, wanted);
}

static void do_msync(void)
{
    int flags = pick(2) ? MS_ASYNC : MS_INVALIDATE;
    long wanted = 0;

    choose_range();
    if (pick(20) == 0)
        flags = pick(2) ? MS_ASYNC | MS_SYNC : 8;
    CALL("msync(page %u, %#lx, %d)", first, length, flags);
    long got = raw(syscall(SYS_msync, address, length, flags));
    if (flags == (MS_ASYNC | MS_SYNC) || flags == 8) {
        result_is(got, -EINVAL);
        return;
    }
    if (refused(got, EINVAL, 0, ENOMEM))
        return;
    for (unsigned i = first; i < end && wanted != -EBUSY; i++) {
        if (!pages[i].mapped)
            wanted = -ENOMEM;
        else if (pages[i].locked && flags & MS_INVALIDATE)
            wanted = -EBUSY;
    }
    result_is(got, wanted);
}

static void do_mincore(void)
{
    unsigned char vector[OBJECT_PAGES];
    long wanted = 0;

    choose_range();
    CALL("mincore(page %u, %#lx)", first, length);
    long got = raw(syscall(SYS_mincore, address, length, vector));
    if (refused(got, EINVAL, 0, ENOMEM))
        return;
    for (unsigned i = first; i < end; i++)
        if (!pages[i].mapped)
            wanted = -ENOMEM;
    result_is(got, wanted);
    for (unsigned i = first; i < end && !wanted; i++)
        if (pages[i].own && !pages[i].sent_out && !(vector[i - first] & 1))
            fail("a page that was written is not in memory", i, 1);
}

/* The pages that mremap takes along stand at `place` now: they must hold what they held. */
static void moved_compare(const unsigned char *place, unsigned from, unsigned kept)
{
    for (unsigned i = 0; i < kept; i++)
        if (readable(&pages[from + i]) && place[i * PAGE + PAGE / 2] != *value_of(&pages[from + i]))
            fail("a moved byte", place[i * PAGE + PAGE / 2], *value_of(&pages[from + i]));
}

/* The model of a move of [first, end) to `to`, or away (to == PAGES). */
static void pages_move(unsigned to, unsigned grown, bool stays)
{
    static struct page moved[OBJECT_PAGES * 2];
    unsigned kept = count < grown ? count : grown;
    struct page last = pages[first];

    memcpy(moved, &pages[first], kept * sizeof(moved[0]));
    for (unsigned i = kept; i < grown; i++) {
        moved[i] = last;
        loses_own(&moved[i]);
    }
    for (unsigned i = 0; i < grown; i++)
        moved[i].index = (uint16_t)(last.index + i);
    for (unsigned i = first; i < end; i++)
        if (stays)
            loses_own(&pages[i]);
        else
            memset(&pages[i], 0, sizeof(pages[i]));
    if (stays)
        renumber(first, end);
    if (to == PAGES)
        return;
    numbers++;
    for (unsigned i = 0; i < grown; i++) {
        moved[i].number = numbers;
        pages[to + i] = moved[i];
    }
}

static void do_mremap(void)
{
    int flags = pick(4) ? MREMAP_MAYMOVE : 0;
    bool fixed = flags && pick(2), stays = flags && pick(4) == 0, twice = pick(16) == 0;

    choose_range();
    unsigned grown = stays ? count : 1 + (unsigned)pick(count + 6), to = (unsigned)pick(PAGES - grown + 1);
    if (grown > OBJECT_PAGES || mistake == NOTHING)
        return;
    if (twice && !stays && mistake != HUGE) /* old length 0: a second view of what is shared */
        count = 0, end = first, length = 0;
    else if (mistake != HUGE)
        length = count * PAGE;
    flags |= (fixed ? MREMAP_FIXED : 0) | (stays ? MREMAP_DONTUNMAP : 0);
    unsigned kept_pages = count < grown ? count : grown;
    int whole = count ? one_region(first, first + kept_pages) : pages[first].mapped;
    if (whole < 0 || (stays && pages[first].locked) ||
        (fixed && grown == count && !whole && pages[first].mapped))
        return;
    for (unsigned i = first; i < end; i++) /* the index of a page is 16 bits, and an object is small */
        if (pages[i].kind != ANONYMOUS && pages[i].index + grown >= OBJECT_PAGES)
            return;
    if (!count && pages[first].index + grown >= OBJECT_PAGES)
        return;
    CALL("mremap(page %u of kind %d, %#lx, %u pages, %d, page %u)", first, pages[first].kind, length, grown,
         flags, to);
    bool overlap = (fixed || stays) && first < to + grown && to < end;
    if (stays && !fixed)
        to = 0, overlap = false;
    bool room = end + grown - count <= PAGES;
    for (unsigned i = end; i < first + grown && room; i++)
        room = !pages[i].mapped;
    bool shared = pages[first].kind == SHARED || pages[first].kind == FILE_SHARED;
    unsigned char *target = fixed ? at(to) : NULL;
    if (mistake == HUGE) {
        bool to_new = mistake == HUGE && pick(2);
        if (fixed || stays)
            return;
        long refusal = to_new ? -EINVAL : !pages[first].mapped ? -EFAULT : -EINVAL;
        long wanted = !to_new || !looks_for_any_room ? refusal : !pages[first].mapped ? -EFAULT : -ENOMEM;
        result_was(
            raw(syscall(SYS_mremap, address, to_new ? PAGE : length, to_new ? length : PAGE, flags, target)),
            wanted, refusal);
        return;
    }
    if (!fixed && !stays && grown > count && count && whole == 1 && room && end < PAGES && pages[end].mapped)
        return;
    if (!fixed && !stays && grown > count && !room && end + grown - count > PAGES)
        return; /* what lies behind the arena is not in the model */
    if (unmaps_first && fixed && mistake != MISALIGNED && !overlap && pages[first].mapped &&
        (count ? !whole : !shared)) { /* a refusal after which what was at the new place has gone */
        long told = count ? -EFAULT : -EINVAL;
        result_is(told, told);
        return;
    }
    long got = raw(syscall(SYS_mremap, address, length, grown * PAGE, flags, target)), wanted = (long)address;
    bool moves = fixed || stays;
    if (mistake == MISALIGNED || overlap)
        wanted = -EINVAL;
    else if (!pages[first].mapped)
        wanted = -EFAULT;
    else if (!count && !shared)
        wanted = -EINVAL;
    else if (!whole && (moves || grown > count))
        wanted = -EFAULT;
    else if (!moves && grown > count && (!room || !count)) {
        wanted = flags ? ELSEWHERE : -ENOMEM;
        moves = true;
    } else if (moves)
        wanted = fixed ? (long)at(to) : ELSEWHERE;
    if (wanted > 0 && fixed && !count && first >= to && first < to + grown) {
        wanted = -EFAULT; /* what stood at the new place has gone, and the old one was there */
        memset(&pages[to], 0, grown * sizeof(pages[0]));
    }
    bool nowhere = looks_up_first && overlap && !pages[first].mapped && mistake != MISALIGNED;
    result_was(got, nowhere ? -EFAULT : wanted, wanted);
    if (wanted < 0)
        return;
    if (moves) {
        if (wanted == ELSEWHERE) {
            moved_compare((unsigned char *)got, first, count < grown ? count : grown);
            munmap((void *)got, grown * PAGE);
        }
        if (count)
            pages_move(wanted == ELSEWHERE ? PAGES : to, grown, stays);
        else if (wanted != ELSEWHERE) {
            struct page view = pages[first];
            numbers++;
            for (unsigned i = 0; i < grown; i++, view.index++) {
                view.number = numbers;
                pages[to + i] = view;
            }
        }
        return;
    }
    for (unsigned i = first + grown; i < end; i++)
        memset(&pages[i], 0, sizeof(pages[i]));
    for (unsigned i = end; i < first + grown; i++) {
        pages[i] = pages[i - 1];
        pages[i].index++;
        loses_own(&pages[i]);
    }
}

static void do_file(void)
{
    unsigned i = (unsigned)pick(FILE_PAGES);
    unsigned char bytes[PAGE];

    if (pick(3) == 0) {
        CALL("ftruncate(%u pages)", i);
        result_is(raw(syscall(SYS_ftruncate, file, i * PAGE)), 0);
        memset(file_value + i, 0, FILE_PAGES - i);
        file_pages = i;
        for (unsigned j = 0; j < PAGES; j++)
            if (pages[j].kind == FILE_PRIVATE && pages[j].index >= i)
                loses_own(&pages[j]);
        return;
    }
    CALL("write to page %u of the file", i);
    memset(bytes, (int)(1 + pick(255)), PAGE);
    result_is(pwrite(file, bytes, PAGE, (off_t)(i * PAGE)), PAGE);
    file_value[i] = bytes[0];
    file_pages = i >= file_pages ? i + 1 : file_pages;
}

static unsigned long heap_start, heap_end;

static void do_brk(void)
{
    unsigned long wanted = heap_start + pick(64) * PAGE / 2 - (pick(10) ? 0 : 1);

    CALL("brk(start + %#lx)", wanted - heap_start);
    long got = syscall(SYS_brk, wanted);
    bool good = wanted >= heap_start;
    result_is(got - (long)heap_start, (long)((good ? wanted : heap_end) - heap_start));
    for (unsigned long page = (heap_end + PAGE - 1) & -PAGE; good && page < wanted; page += PAGE) {
        if (*(volatile unsigned char *)page != 0)
            fail("new heap", *(unsigned char *)page, 0);
        *(unsigned char *)page = 1;
    }
    heap_end = good ? wanted : heap_end;
}

static void do_fork(void)
{
    CALL("fork");
    int pid = fork();
    if (pid == 0) {
        for (unsigned i = 0; i < PAGES; i++) {
            if (pages[i].dontfork)
                memset(&pages[i], 0, sizeof(pages[i]));
            if (pages[i].wipe)
                loses_own(&pages[i]);
            page_compare(i);
            if (writable(&pages[i]) && (pages[i].kind == ANONYMOUS || pages[i].kind == FILE_PRIVATE))
                page_write(i); /* the parent must not see it */
        }
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    result_is(status, 0);
}

/* What the model must know of this Linux. First: a page, a hole, a page that nobody may touch: who stops at the hole says so.
 * Then: two regions cannot be moved at once; is what lies at the new place there afterwards? A size that no address space has. At
 * last: from nowhere onto itself, which is wrong twice. */
static void ask_linux(void)
{
    unsigned char vector;

    mmap(at(0), 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    munmap(at(1), PAGE);
    mprotect(at(2), PAGE, PROT_NONE);
    populates_behind_holes = madvise(at(0), 3 * PAGE, 22) != 0 && errno == EINVAL;
    mmap(at(8), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    syscall(SYS_mremap, at(2), 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(8));
    looks_for_any_room = syscall(SYS_mremap, at(0), PAGE, HUGE_LENGTH, 0) == -1 && errno == ENOMEM;
    unmaps_first = mincore(at(8), PAGE, &vector) != 0;
    munmap(at(0), 9 * PAGE);
    looks_up_first = syscall(SYS_mremap, at(0), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(0)) == -1 &&
                     errno == EFAULT;
}

int main(int argc, char **argv)
{
    static void (*const calls[])(void) = {
        do_mmap,    do_mmap,    do_mmap,  do_mmap,  do_munmap,  do_mprotect, do_mprotect, do_madvise,
        do_madvise, do_madvise, do_mlock, do_msync, do_mincore, do_mremap,   do_mremap,   do_mremap,
        do_mremap,  do_mremap,  do_file,  do_brk,   touch,      touch,       touch,       touch};
    unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;

    seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
    state = seed * 0x9e3779b97f4a7c15UL | 1;
    file = open("/tmp/faultline-fuzz", O_RDWR | O_CREAT | O_TRUNC, 0600);
    file_read_only = open("/tmp/faultline-fuzz", O_RDONLY);
    unlink("/tmp/faultline-fuzz");
    if (file < 0 || file_read_only < 0 || ftruncate(file, FILE_PAGES * PAGE) != 0)
        return 1;
    ask_linux();
    heap_start = heap_end = (unsigned long)syscall(SYS_brk, 0);

    for (call_number = 1; call_number <= wanted; call_number++) {
        if (call_number % 2000 == 0)
            do_fork();
        else
            calls[pick(sizeof(calls) / sizeof(calls[0]))]();
    }
    CALL("the end");
    for (unsigned i = 0; i < PAGES; i++)
        page_compare(i);
    say("seed %lu, %lu calls: hash %016lx", seed, wanted, hash);
    return finish();
}
