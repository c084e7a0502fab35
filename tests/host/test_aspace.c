/* SPDX-License-Identifier: MIT */
/* test_aspace.c - the verbs and the fault handler against a model: for each page its permissions and the byte it must hold.
 *
 * Regions, page tables, frames and counters are the real ones; only the CPU is played: touch() does what the MMU would. */
/* sources: kernel/mm/mmap.c kernel/mm/mremap.c kernel/mm/madvise.c kernel/mm/mlock.c kernel/mm/commit.c kernel/mm/brk.c kernel/mm/fault.c kernel/mm/tell.c kernel/mm/tellfault.c kernel/mm/stack.c kernel/mm/anon.c kernel/mm/filemap.c kernel/mm/aspace.c
 *          kernel/mm/access.c kernel/mm/mmstat.c kernel/mm/vma.c kernel/mm/pmap.c kernel/mm/pt.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/slot.c kernel/mm/swap.c
 *          kernel/mm/swapin.c kernel/mm/reclaim.c
 *          kernel/mm/bootmem.c tests/host/shim/machine.c tests/host/shim/source.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"
#include "shim/source.h"

#include <asm-generic/errno.h>
#include <mm/access.h>
#include <mm/fault.h>
#include <mm/kmem.h>
#include <mm/mmap.h>
#include <mm/mmstat.h>
#include <pagesrc.h>
#include <x86/cpu.h>

#include <linux/mman.h>

#define PAGES 600UL
#define BASE 0x10000000UL
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

/* ---- the model ---- */

struct expected {
    bool mapped, resident;
    int prot;
    uint8_t byte;
};
static struct expected model[PAGES];
static struct aspace *aspace;

static vaddr_t address(uint64_t page)
{
    return BASE + page * PAGE_SIZE;
}

static void check(struct aspace *which)
{
    const char *broken = aspace_check(which);

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

/* What the MMU does: 0 and the byte's place if the entry allows the access, else the fault handler is asked. */
static int touch(struct aspace *which, vaddr_t va, enum access access, uint8_t **byte)
{
    for (int tries = 0; tries < 3; tries++) {
        pte_t pte = pmap_lookup(&which->pmap, va);
        bool allowed = pte & PTE_PRESENT && (access != ACCESS_WRITE || pte & PTE_WRITE) &&
                       (access != ACCESS_EXEC || !(pte & PTE_NX));
        if (allowed) {
            *byte = (uint8_t *)paddr_to_virt(pte_paddr(pte)) + va % PAGE_SIZE;
            return 0;
        }
        int verdict = fault(which, va, access);
        if (verdict < 0)
            return verdict;
    }
    fail_msg("the fault handler says yes, but the entry still forbids the access");
    return 0;
}

static void touch_random(void)
{
    uint64_t i = machine_random(PAGES);
    struct expected *page = &model[i];
    enum access access = machine_random(2) ? ACCESS_WRITE : ACCESS_READ;
    uint8_t *byte;
    int result = touch(aspace, address(i) + machine_random(PAGE_SIZE), access, &byte);

    if (!page->mapped) {
        assert_int_equal(result, -EFAULT);
    } else if (access == ACCESS_READ ? !page->prot : !(page->prot & PROT_WRITE)) {
        assert_int_equal(result, -EACCES);
    } else if (access == ACCESS_READ) {
        assert_int_equal(result, 0);
        uint8_t *start = (uint8_t *)((uintptr_t)byte & PAGE_MASK);
        assert_int_equal(*start, page->byte);
        assert_int_equal(start[PAGE_SIZE - 1], page->byte);
    } else {
        assert_int_equal(result, 0);
        page->byte = (uint8_t)(1 + machine_random(255));
        page->resident = true;
        memset((void *)((uintptr_t)byte & PAGE_MASK), page->byte, PAGE_SIZE);
    }
}

static void random_range(uint64_t *first, uint64_t *count)
{
    *count = 1 + machine_random(machine_random(4) ? 8 : 100);
    *first = machine_random(PAGES - *count);
}

static int random_prot(void)
{
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
                                PROT_READ | PROT_EXEC};
    return prots[machine_random(5)];
}

static bool all_mapped(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (!model[i].mapped)
            return false;
    return true;
}

static void mmap_random(void)
{
    uint64_t first, count;
    int prot = random_prot();
    bool replace = machine_random(3) > 0;
    bool any = false;

    random_range(&first, &count);
    for (uint64_t i = first; i < first + count; i++)
        any |= model[i].mapped;
    int64_t got = mm_mmap(aspace, address(first), count * PAGE_SIZE - machine_random(PAGE_SIZE),
                          (uint64_t)prot, PRIVATE | (uint64_t)(replace ? MAP_FIXED : MAP_FIXED_NOREPLACE),
                          &(struct mmap_file){0});
    if (any && !replace) {
        assert_int_equal(got, -EEXIST);
        return;
    }
    assert_int_equal(got, address(first));
    for (uint64_t i = first; i < first + count; i++)
        model[i] = (struct expected){.mapped = true, .prot = prot};
}

static void mmap_file_random(void)
{
    uint64_t first = machine_random(PAGES - 5), count = 1 + machine_random(5),
             offset = machine_random(FILE_PAGES - 5);
    int prot = random_prot();
    int64_t got = mm_mmap(aspace, address(first), count * PAGE_SIZE, (uint64_t)prot, MAP_PRIVATE | MAP_FIXED,
                          &(struct mmap_file){.source = &file, .offset = offset * PAGE_SIZE});

    assert_int_equal(got, address(first));
    for (uint64_t i = 0; i < count; i++)
        model[first + i] = (struct expected){.mapped = true, .prot = prot, .byte = file_byte(offset + i)};
}

static void munmap_random(void)
{
    uint64_t first, count;

    random_range(&first, &count);
    assert_int_equal(mm_munmap(aspace, address(first), count * PAGE_SIZE), 0);
    memset(&model[first], 0, count * sizeof(model[0]));
}

static void mprotect_random(void)
{
    uint64_t first, count;
    int prot = random_prot();

    random_range(&first, &count);
    int result = mm_mprotect(aspace, address(first), count * PAGE_SIZE, (uint64_t)prot);
    assert_int_equal(result, all_mapped(first, count) ? 0 : -ENOMEM);
    for (uint64_t i = first; i < first + count && model[i].mapped; i++)
        model[i].prot = prot; /* up to the first hole */
}

/* Any range to any place, kept or grown or shrunk; the model moves what the call may move. */
static void mremap_random(void)
{
    uint64_t first, count, to = machine_random(PAGES - 110), grown;
    uint64_t flags = MREMAP_MAYMOVE | MREMAP_FIXED | (machine_random(4) ? 0 : MREMAP_DONTUNMAP);
    struct expected moved[PAGES] = {0};

    random_range(&first, &count);
    grown = flags & MREMAP_DONTUNMAP ? count : 1 + machine_random(count + 8);
    bool overlap = first < to + grown && to < first + count;
    struct vma *vma = vma_find(&aspace->vmas, address(first));
    bool whole = vma && vma->end >= address(first + MIN(count, grown));
    if (vma && vma->source)
        return; /* the model does not know which page of the file comes next */
    int64_t got = mm_mremap(aspace, address(first), count * PAGE_SIZE, grown * PAGE_SIZE, flags, address(to));

    if (overlap || !whole) {
        assert_int_equal(got, overlap ? -EINVAL : -EFAULT);
        return;
    }
    assert_int_equal(got, address(to));
    uint64_t kept = MIN(count, grown);
    memcpy(moved, &model[first], kept * sizeof(model[0]));
    for (uint64_t i = kept; i < grown; i++)
        moved[i] = (struct expected){.mapped = true, .prot = model[first].prot};
    for (uint64_t i = first; i < first + count; i++)
        model[i] = flags & MREMAP_DONTUNMAP ? (struct expected){.mapped = true, .prot = model[i].prot}
                                            : (struct expected){0};
    memcpy(&model[to], moved, grown * sizeof(model[0]));
}

static void mlock_random(void)
{
    uint64_t first, count;
    bool accessible = true;

    random_range(&first, &count);
    bool mapped = all_mapped(first, count);
    for (uint64_t i = first; i < first + count; i++)
        accessible &= model[i].prot != PROT_NONE;
    uint32_t lock = machine_random(3) ? 0 : VMA_LOCKED;
    int result = mm_mlock(aspace, address(first), count * PAGE_SIZE, lock);
    assert_int_equal(result, mapped && (accessible || !lock) ? 0 : -ENOMEM);
}

static void fork_random(void)
{
    struct aspace *child = aspace_fork(aspace);
    uint8_t *byte;

    assert_non_null(child);
    check(child);
    for (uint64_t page = machine_random(30); page < PAGES; page += 1 + machine_random(60)) {
        if (!(model[page].prot & PROT_WRITE) || !model[page].mapped)
            continue;
        assert_int_equal(touch(child, address(page), ACCESS_READ, &byte), 0);
        assert_int_equal(*byte, model[page].byte);
        assert_int_equal(touch(child, address(page), ACCESS_WRITE, &byte), 0);
        *byte = (uint8_t)~model[page].byte; /* the parent must not see it */
    }
    check(child);
    aspace_put(child);
}

static void random_operations(void **state)
{
    uint64_t used = machine_frames_used();
    (void)state;

    aspace = aspace_create();
    shim_cr3 = aspace->pmap.cr3;
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 40000; step++) {
        switch (machine_random(16)) {
        case 0:
        case 1:
            mmap_random();
            break;
        case 2:
            munmap_random();
            break;
        case 3:
        case 4:
            mprotect_random();
            break;
        case 5:
            mmap_file_random();
            break;
        case 6:
            if (step % 8 == 0)
                fork_random();
            break;
        case 7:
            mremap_random();
            break;
        case 8:
            mlock_random();
            break;
        default:
            touch_random();
        }
        if (step % 1000 == 0)
            check(aspace);
    }
    check(aspace);
    for (uint64_t i = 0; i < FILE_PAGES; i++) /* private writes never reach the file */
        assert_int_equal(*(uint8_t *)page_to_virt(file_frames[i]), file_byte(i));
    aspace_put(aspace);
    check(aspace_create());
    assert_true(machine_frames_used() <= used + 8); /* slabs that are kept, and the address space just made */
}

/* ---- facts that were measured on Linux (N touches = N faults = N pages) ---- */

static struct aspace *fresh(void)
{
    struct aspace *made = aspace_create();

    made->brk_start = made->brk = 0x500000;
    shim_cr3 = made->pmap.cr3;
    return made;
}

static void touches_are_counted(void **state)
{
    struct aspace *a = fresh();
    uint8_t *byte;
    (void)state;

    vaddr_t at = (vaddr_t)mm_mmap(a, 0, GIB, PROT_READ | PROT_WRITE, PRIVATE, &(struct mmap_file){0});
    assert_int_equal(at, MMAP_TOP - GIB);
    assert_int_equal(a->total, GIB >> PAGE_SHIFT);
    assert_int_equal(pmap_resident_pages(&a->pmap), 0);
    for (uint64_t i = 0; i < 32; i++)
        touch(a, at + i * PAGE_SIZE, ACCESS_READ, &byte);
    assert_int_equal(a->faults, 32);
    assert_int_equal(pmap_resident_pages(&a->pmap), 0);
    for (uint64_t i = 0; i < 32; i++)
        touch(a, at + i * PAGE_SIZE, ACCESS_WRITE, &byte);
    assert_int_equal(a->faults, 64);
    assert_int_equal(pmap_resident_pages(&a->pmap), 32);
    assert_int_equal(mm_madvise(a, at, 16 * PAGE_SIZE, MADV_DONTNEED), 0);
    assert_int_equal(pmap_resident_pages(&a->pmap), 16);
    touch(a, at, ACCESS_READ, &byte);
    assert_int_equal(*byte, 0);
    assert_int_equal(mm_munmap(a, at, GIB), 0);
    assert_int_equal(pmap_resident_pages(&a->pmap), 0);
    assert_int_equal(mmstat_peak_resident(a), 32);
    assert_int_equal(a->total, 0);
    aspace_put(a);
}

static void neighbours_merge_and_split(void **state)
{
    struct aspace *a = fresh();
    struct mmap_file none = {0};
    (void)state;

    vaddr_t first = (vaddr_t)mm_mmap(a, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, &none);
    vaddr_t second = (vaddr_t)mm_mmap(a, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, &none);
    assert_int_equal(second, first - 4 * PAGE_SIZE);
    assert_int_equal(a->vmas.count, 1);
    assert_int_equal(mm_mprotect(a, second + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    assert_int_equal(a->vmas.count, 3);
    assert_int_equal(mm_mprotect(a, second + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(a->vmas.count, 1);
    assert_int_equal(mm_munmap(a, second + 2 * PAGE_SIZE, PAGE_SIZE), 0);
    assert_int_equal(a->vmas.count, 2);
    assert_int_equal(mm_mprotect(a, second, 4 * PAGE_SIZE, PROT_READ), -ENOMEM);
    assert_int_equal(a->vmas.count, 2);
    assert_int_equal(vma_find(&a->vmas, second)->flags & VMA_PROT, VMA_READ);
    assert_int_equal(vma_find(&a->vmas, first)->flags & VMA_PROT, VMA_READ | VMA_WRITE);
    check(a);
    aspace_put(a);
}

static void the_break_moves(void **state)
{
    struct aspace *a = fresh();
    uint8_t *byte;
    (void)state;

    assert_int_equal(mm_brk(a, 0), 0x500000);
    assert_int_equal(mm_brk(a, 0x500001), 0x500001);
    assert_int_equal(a->total, 1);
    assert_int_equal(mm_brk(a, 0x500000 + 100 * MIB), 0x500000 + 100 * MIB);
    assert_int_equal(a->data, 100 * MIB >> PAGE_SHIFT);
    assert_int_equal(pmap_resident_pages(&a->pmap), 0);
    assert_int_equal(touch(a, 0x500000 + MIB, ACCESS_WRITE, &byte), 0);
    *byte = 7;
    assert_int_equal(mm_brk(a, 0x501000), 0x501000);
    assert_int_equal(touch(a, 0x500000 + MIB, ACCESS_READ, &byte), -EFAULT);
    assert_int_equal(mm_brk(a, 0x500000 + 2 * MIB), 0x500000 + 2 * MIB);
    assert_int_equal(touch(a, 0x500000 + MIB, ACCESS_READ, &byte), 0);
    assert_int_equal(*byte, 0);
    assert_int_equal(mm_brk(a, 0x4fffff), 0x500000 + 2 * MIB);
    /* a page must stay free before the next region */
    mm_mmap(a, 0x900000, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, &(struct mmap_file){0});
    assert_int_equal(mm_brk(a, 0x900000), 0x500000 + 2 * MIB);
    assert_int_equal(mm_brk(a, 0x8ff000), 0x8ff000);
    a->limit_data = 5 * MIB;
    assert_int_equal(mm_brk(a, 0x500000 + 5 * MIB + 1), 0x8ff000);
    check(a);
    aspace_put(a);
}

static void the_stack_grows_to_its_limit(void **state)
{
    struct aspace *a = fresh();
    uint8_t *byte;
    (void)state;

    aspace_map(a, STACK_TOP - 132 * KIB, STACK_TOP, VMA_READ | VMA_WRITE | VMA_MAY_WRITE | VMA_STACK, NULL,
               0);
    assert_int_equal(touch(a, STACK_TOP - MIB, ACCESS_WRITE, &byte), 0);
    assert_int_equal(a->stack, MIB >> PAGE_SHIFT);
    assert_int_equal(touch(a, STACK_TOP - 8 * MIB, ACCESS_WRITE, &byte), 0);
    assert_int_equal(touch(a, STACK_TOP - 8 * MIB - 1, ACCESS_WRITE, &byte), -EFAULT);
    check(a);
    aspace_put(a);
}

static void errors_are_the_man_pages(void **state)
{
    struct aspace *a = fresh();
    struct mmap_file none = {0}, read_only = {.source = &file};
    (void)state;

    assert_int_equal(mm_mmap(a, 0, 0, PROT_READ, PRIVATE, &none), -EINVAL);
    assert_int_equal(mm_mmap(a, 0, PAGE_SIZE, PROT_READ, MAP_ANONYMOUS, &none), -EINVAL);
    assert_int_equal(mm_mmap(a, 0, PAGE_SIZE, PROT_READ, PRIVATE, &(struct mmap_file){.offset = 5}), -EINVAL);
    assert_int_equal(mm_mmap(a, 0x123, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, &none), -EINVAL);
    assert_int_equal(mm_mmap(a, STACK_TOP, PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED, &none), -ENOMEM);
    assert_int_equal(mm_mmap(a, 0, 1UL << 47, PROT_READ, PRIVATE, &none), -ENOMEM);
    assert_int_equal(mm_mmap(a, 0, ~0UL, PROT_READ, PRIVATE, &none), -ENOMEM);
    assert_int_equal(mm_mmap(a, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, &read_only), -EACCES);
    assert_int_equal(mm_munmap(a, 0x1001, PAGE_SIZE), -EINVAL);
    assert_int_equal(mm_munmap(a, 0x1000, 0), -EINVAL);
    assert_int_equal(mm_munmap(a, 0x1000, PAGE_SIZE), 0);
    assert_int_equal(mm_mprotect(a, 0x1001, PAGE_SIZE, PROT_READ), -EINVAL);
    assert_int_equal(mm_mprotect(a, 0x1000, PAGE_SIZE, 0x1000), -EINVAL);
    assert_int_equal(mm_mprotect(a, 0x1000, PAGE_SIZE, PROT_READ), -ENOMEM);
    assert_int_equal(mm_mprotect(a, 0x1000, 0, PROT_READ), 0);
    assert_int_equal(mm_madvise(a, 0x1000, PAGE_SIZE, 12345), -EINVAL);
    assert_int_equal(mm_madvise(a, 0x1000, PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
    vaddr_t shared = (vaddr_t)mm_mmap(a, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, &read_only);
    assert_int_equal(mm_mprotect(a, shared, PAGE_SIZE, PROT_READ | PROT_WRITE), -EACCES);
    uint8_t *byte;
    vaddr_t beyond =
        (vaddr_t)mm_mmap(a, 0, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE,
                         &(struct mmap_file){.source = &file, .offset = (FILE_PAGES - 1) * PAGE_SIZE});
    assert_int_equal(touch(a, beyond, ACCESS_READ, &byte), 0);
    assert_int_equal(touch(a, beyond + PAGE_SIZE, ACCESS_READ, &byte), -EIO);
    check(a);
    aspace_put(a);
}

static void shared_file_pages_are_the_file(void **state)
{
    struct aspace *a = fresh();
    struct mmap_file writable = {.source = &file, .may_write = true, .offset = 3 * PAGE_SIZE};
    uint8_t *byte;
    (void)state;

    vaddr_t at = (vaddr_t)mm_mmap(a, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, &writable);
    assert_int_equal(touch(a, at, ACCESS_READ, &byte), 0);
    assert_int_equal(touch(a, at, ACCESS_WRITE, &byte), 0);
    *byte = 0x11;
    assert_int_equal(*(uint8_t *)page_to_virt(file_frames[3]), 0x11);
    *byte = file_byte(3);
    check(a);
    aspace_put(a);
}

static void other_memory_is_read_and_written(void **state)
{
    struct aspace *a = fresh();
    char text[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
    uint8_t *byte;
    (void)state;

    memset(text, 'x', sizeof(text));
    vaddr_t at =
        (vaddr_t)mm_mmap(a, 0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, &(struct mmap_file){0});
    assert_int_equal(access_read(a, at + 100, back, sizeof(back)), sizeof(back) - 100);
    assert_int_equal(pmap_resident_pages(&a->pmap), 0);
    assert_int_equal(access_write(a, at + 5, text, PAGE_SIZE * 2, false), PAGE_SIZE * 2);
    assert_int_equal(access_read(a, at + 5, back, PAGE_SIZE * 2), PAGE_SIZE * 2);
    assert_memory_equal(text, back, PAGE_SIZE * 2);

    vaddr_t text_page = (vaddr_t)mm_mmap(a, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
                                         &(struct mmap_file){.source = &file});
    assert_int_equal(access_write(a, text_page, "\xcc", 1, false), 0);
    assert_int_equal(access_write(a, text_page, "\xcc", 1, true), 1);
    assert_int_equal(touch(a, text_page, ACCESS_READ, &byte), 0);
    assert_int_equal(*byte, 0xcc);
    assert_int_equal(touch(a, text_page, ACCESS_WRITE, &byte), -EACCES);
    assert_int_equal(*(uint8_t *)page_to_virt(file_frames[0]), file_byte(0));
    check(a);
    aspace_put(a);
}

/* A small life - map, touch, protect, fork, write, unmap - with the n-th frame allocation failing, for every n. */
static bool life(void)
{
    struct mmap_file none = {0};
    uint8_t *byte;
    struct aspace *a = aspace_create();

    if (!a)
        return false;
    a->brk_start = a->brk = 0x500000;
    int64_t at = mm_mmap(a, 0, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, &none);
    bool good = at > 0;
    for (uint64_t i = 0; good && i < 64; i += 7)
        good = touch(a, (vaddr_t)at + i * PAGE_SIZE, i % 2 ? ACCESS_WRITE : ACCESS_READ, &byte) == 0;
    good = good && mm_mprotect(a, (vaddr_t)at + 8 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ) == 0;
    good = good && mm_brk(a, 0x600000) == 0x600000 && touch(a, 0x500123, ACCESS_WRITE, &byte) == 0;
    vaddr_t far = 0x40000000 - 3 * PAGE_SIZE; /* the pages move into two page tables that are not there yet */
    good = good &&
           mm_mremap(a, (vaddr_t)at, 8 * PAGE_SIZE, 12 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, far) > 0;
    good = good && mm_mlock(a, far + PAGE_SIZE, 4 * PAGE_SIZE, VMA_LOCKED) == 0;
    good = good && mm_madvise(a, far, 8 * PAGE_SIZE, MADV_DONTFORK) == 0;
    struct aspace *child = good ? aspace_fork(a) : NULL;
    if (child) {
        good = touch(child, 0x500123, ACCESS_WRITE, &byte) == 0;
        good = good && mm_munmap(child, (vaddr_t)at + 3 * PAGE_SIZE, 20 * PAGE_SIZE) == 0;
        check(child);
        aspace_put(child);
    } else {
        good = false;
    }
    check(a);
    aspace_put(a);
    return good;
}

static uint64_t objects_in_use(void)
{
    uint64_t objects = 0;

    for (struct kmem_cache *cache = kmem_first(); cache; cache = cache->next)
        objects += cache->in_use;
    return objects;
}

static void every_allocation_fails_once(void **state)
{
    uint64_t objects = objects_in_use();
    (void)state;

    for (unsigned long n = 1;; n++) {
        machine_fail_after(n);
        bool lived = life();
        bool failed = machine_has_failed();
        machine_fail_after(0);
        assert_int_equal(lived, !failed);
        assert_int_equal(objects_in_use(), objects);
        check(aspace_create() /* still works, and is let go at the end of the test program */);
        objects = objects_in_use();
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touches_are_counted),
        cmocka_unit_test(neighbours_merge_and_split),
        cmocka_unit_test(the_break_moves),
        cmocka_unit_test(the_stack_grows_to_its_limit),
        cmocka_unit_test(errors_are_the_man_pages),
        cmocka_unit_test(shared_file_pages_are_the_file),
        cmocka_unit_test(other_memory_is_read_and_written),
        cmocka_unit_test(random_operations),
        cmocka_unit_test(every_allocation_fails_once),
    };

    machine_start(256 * MIB);
    pmap_init();
    file_make();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
