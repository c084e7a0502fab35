/* SPDX-License-Identifier: MIT */
/* test_reclaim_model.c - memory larger than RAM at random: up to four processes on 3 MiB, with a disk that sometimes refuses, against a
 * copy of every byte.
 *
 * Everything from the verbs down to the frames is the real thing; the CPU is played (touch), and the disk. A check looks at every page of
 * all processes where it is, in its frame or in its slot, so that looking brings nothing back.
 * After a refused write the kernel gives nothing to its disk any more: those tests have a process of their own. */
/* sources: kernel/mm/mmap.c kernel/mm/mremap.c kernel/mm/madvise.c kernel/mm/mlock.c kernel/mm/commit.c kernel/mm/fault.c kernel/mm/tell.c
 *          kernel/mm/tellfault.c kernel/mm/stack.c kernel/mm/anon.c kernel/mm/filemap.c kernel/mm/aspace.c kernel/mm/access.c kernel/mm/vma.c
 *          kernel/mm/pmap.c kernel/mm/pt.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/slot.c kernel/mm/swap.c
 *          kernel/mm/swapin.c kernel/mm/reclaim.c kernel/mm/bootmem.c tests/host/shim/machine.c tests/host/shim/disk.c
 *          tests/host/shim/source.c tests/host/shim/space.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"
#include "shim/source.h"
#include "shim/space.h"

#include <asm-generic/errno.h>
#include <mm/access.h>
#include <mm/fault.h>
#include <mm/kmap.h>
#include <mm/kmem.h>
#include <mm/mmap.h>
#include <mm/reclaim.h>
#include <mm/slot.h>
#include <mm/swap.h>
#include <x86/cpu.h>

#include <linux/mman.h>

#define PROCESSES 4
#define PAGES 400UL

/* ---- the model ---- */

struct known {
    bool mapped, locked, pinned; /* pinned: locked, and made resident by that */
    int prot;
    uint32_t file; /* 0: anonymous; n: shows the file's page n - 1 until it is written */
};

struct process {
    struct aspace *aspace; /* NULL: there is none */
    struct known page[PAGES];
    uint8_t bytes[PAGES][PAGE_SIZE];
};
static struct process processes[PROCESSES];
static bool memory_may_end; /* -ENOMEM is an answer: the disk takes nothing any more */
static uint64_t memory_ended;

static bool is_the_end(int result)
{
    bool end = result == -ENOMEM && memory_may_end;

    memory_ended += end;
    return end;
}

/* What is there before the first write. */
static void page_begin(struct process *process, uint64_t i, struct known known)
{
    process->page[i] = known;
    memset(process->bytes[i], known.file ? file_byte(known.file - 1) : 0, PAGE_SIZE);
}

static const void *frame_bytes(pte_t pte)
{
    return paddr_to_virt(pte_paddr(pte));
}

static void page_compare(struct process *process, uint64_t i)
{
    const struct known *known = &process->page[i];
    pte_t pte = pmap_lookup(&process->aspace->pmap, address(i));
    uint8_t untouched = known->file ? file_byte(known->file - 1) : 0;
    const struct vma *vma = vma_find(&process->aspace->vmas, address(i));

    assert_int_equal(!!vma, known->mapped);
    assert_int_equal(vma && vma->flags & VMA_LOCKED, known->locked);
    if (!known->mapped) {
        assert_int_equal(pte, 0);
    } else if (pte & PTE_HAS_FRAME) {
        assert_memory_equal(frame_bytes(pte), process->bytes[i], PAGE_SIZE);
        assert_int_equal(!!(pte & PTE_NO_ACCESS), known->prot == PROT_NONE);
        assert_true(known->prot & PROT_WRITE || !(pte & PTE_WRITE));
        assert_true(known->prot & PROT_EXEC || known->prot == PROT_NONE || pte & PTE_NX);
    } else if (pte & PTE_SWAPPED) {
        assert_memory_equal(disk_slot(pte_slot(pte)), process->bytes[i], PAGE_SIZE);
    } else {
        assert_int_equal(process->bytes[i][0], untouched);
        assert_memory_equal(process->bytes[i], process->bytes[i] + 1, PAGE_SIZE - 1);
    }
    assert_true(!known->pinned || pte & PTE_HAS_FRAME);
}

static void check_all(void)
{
    for (struct process *process = processes; process < processes + PROCESSES; process++) {
        if (!process->aspace)
            continue;
        check(process->aspace);
        for (uint64_t i = 0; i < PAGES; i++)
            page_compare(process, i);
    }
    for (uint64_t i = 0; i < FILE_PAGES; i++) /* private writes never reach the file */
        assert_int_equal(*(uint8_t *)page_to_virt(file_frames[i]), file_byte(i));
    slots_compare();
}

/* ---- the CPU ---- */

static bool allowed(const struct known *known, enum access access)
{
    return access == ACCESS_WRITE ? known->prot & PROT_WRITE : known->prot;
}

static void random_bytes(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)machine_random(256);
}

/* The disk refuses to read for the length of one access: the page is not to be had, or it was in memory. */
static void touch_in_vain(struct process *process, uint64_t i, enum access access)
{
    uint64_t refused = disk.refused;
    uint8_t *page;

    disk.no_reads = true;
    int result = touch(process->aspace, address(i), access, &page);
    disk.no_reads = false;
    if (result == -EIO) {
        assert_true(disk.refused > refused);
        assert_true(pmap_lookup(&process->aspace->pmap, address(i)) & PTE_SWAPPED);
    } else {
        assert_true(result == 0 || is_the_end(result));
    }
}

static void touch_random(struct process *process)
{
    uint64_t i = machine_random(PAGES);
    struct known *known = &process->page[i];
    enum access access = machine_random(3) ? ACCESS_WRITE : ACCESS_READ;
    uint8_t *page;

    if (known->mapped && allowed(known, access) && machine_random(10) == 0)
        touch_in_vain(process, i, access);
    int result = touch(process->aspace, address(i) + machine_random(PAGE_SIZE), access, &page);
    if (!known->mapped) {
        assert_int_equal(result, -EFAULT);
        return;
    }
    if (!allowed(known, access)) {
        assert_int_equal(result, -EACCES);
        return;
    }
    if (is_the_end(result))
        return;
    assert_int_equal(result, 0);
    assert_memory_equal(page, process->bytes[i], PAGE_SIZE);
    if (access == ACCESS_WRITE) {
        uint64_t from = machine_random(PAGE_SIZE), size = 1 + machine_random(PAGE_SIZE - from);
        random_bytes(page + from, MIN(size, 64));
        memcpy(process->bytes[i], page, PAGE_SIZE);
    }
}

/* A program goes over its memory: what comes back comes in rows. */
static void walk_random(struct process *process)
{
    enum access access = machine_random(3) ? ACCESS_WRITE : ACCESS_READ;
    uint64_t first = machine_random(PAGES - 64);
    uint8_t *page;

    for (uint64_t i = first; i < first + 64; i++) {
        if (!process->page[i].mapped || !allowed(&process->page[i], access))
            continue;
        int result = touch(process->aspace, address(i), access, &page);
        if (is_the_end(result))
            return;
        assert_int_equal(result, 0);
        assert_memory_equal(page, process->bytes[i], PAGE_SIZE);
        if (access == ACCESS_WRITE)
            page[i] = process->bytes[i][i] = (uint8_t)machine_random(256);
    }
}

/* ---- the verbs ---- */

static void random_range(uint64_t *first, uint64_t *count)
{
    *count = 1 + machine_random(machine_random(8) ? 12 : 120);
    *first = machine_random(PAGES - *count);
}

static int random_prot(void)
{
    static const int prots[] = {
        PROT_NONE, PROT_READ, READ_WRITE, READ_WRITE, READ_WRITE, READ_WRITE, READ_WRITE | PROT_EXEC};
    return prots[machine_random(ARRAY_SIZE(prots))];
}

static void mmap_random(struct process *process)
{
    uint64_t first, count, offset = 0;
    struct mmap_file what = {0};
    int prot = random_prot();

    random_range(&first, &count);
    if (machine_random(4) == 0) {
        count = MIN(count, FILE_PAGES / 2);
        offset = machine_random(FILE_PAGES / 2);
        what = (struct mmap_file){.source = &file, .offset = offset * PAGE_SIZE};
    }
    uint64_t flags = MAP_FIXED | (what.source ? MAP_PRIVATE : PRIVATE);
    assert_int_equal(
        mm_mmap(process->aspace, address(first), count * PAGE_SIZE, (uint64_t)prot, flags, &what),
        address(first));
    for (uint64_t i = 0; i < count; i++)
        page_begin(process, first + i,
                   (struct known){
                       .mapped = true, .prot = prot, .file = what.source ? (uint32_t)(offset + i + 1) : 0});
}

static void munmap_random(struct process *process)
{
    uint64_t first, count;

    random_range(&first, &count);
    int result = mm_munmap(process->aspace, address(first), count * PAGE_SIZE);
    if (is_the_end(result))
        return; /* a region could not be split */
    assert_int_equal(result, 0);
    for (uint64_t i = first; i < first + count; i++)
        page_begin(process, i, (struct known){0});
}

static void mprotect_random(struct process *process)
{
    uint64_t first, count, i;
    int prot = random_prot();

    random_range(&first, &count);
    int result = mm_mprotect(process->aspace, address(first), count * PAGE_SIZE, (uint64_t)prot);
    for (i = first; i < first + count && process->page[i].mapped; i++)
        process->page[i].prot = prot; /* up to the first hole */
    assert_int_equal(result, i == first + count ? 0 : -ENOMEM);
}

/* What comes into being when a locked region grows is resident at once. */
static struct known grown(const struct known *like)
{
    return (struct known){.mapped = true,
                          .prot = like->prot,
                          .locked = like->locked,
                          .pinned = like->locked && like->prot != PROT_NONE};
}

static void mremap_model(struct process *process, uint64_t first, uint64_t count, uint64_t to,
                         uint64_t wanted, bool stays)
{
    struct known was = process->page[first];

    for (uint64_t i = 0; i < wanted; i++) {
        if (i >= count) {
            page_begin(process, to + i, grown(&was));
            continue;
        }
        process->page[to + i] = process->page[first + i];
        memcpy(process->bytes[to + i], process->bytes[first + i], PAGE_SIZE);
    }
    for (uint64_t i = first; i < first + count; i++) {
        struct known left = {.mapped = true, .prot = process->page[i].prot, .file = process->page[i].file};
        page_begin(process, i, stays ? left : (struct known){0});
    }
}

/* MREMAP_DONTUNMAP: as on Linux, all of the region that it leaves is unlocked, up to where the pages go if that is in it. */
static void region_unlock(struct process *process, vaddr_t start, vaddr_t end, uint64_t first, uint64_t to,
                          uint64_t count)
{
    uint64_t from = (start - BASE) >> PAGE_SHIFT, below = (end - BASE) >> PAGE_SHIFT;

    if (to < first)
        from = MAX(from, to + count);
    else
        below = MIN(below, to);
    for (uint64_t i = from; i < below; i++)
        process->page[i].locked = process->page[i].pinned = false;
}

static void mremap_random(struct process *process)
{
    uint64_t first, count, to = machine_random(PAGES - 130);
    uint64_t flags = MREMAP_MAYMOVE | MREMAP_FIXED | (machine_random(4) ? 0 : MREMAP_DONTUNMAP);

    random_range(&first, &count);
    for (uint64_t i = 0; i < PAGES && machine_random(64); i++) /* often one that is locked: there are few */
        if (process->page[i].locked)
            first = i, count = 1;
    const struct vma *vma = vma_find(&process->aspace->vmas, address(first));
    uint64_t wanted = 1 + machine_random(count + (vma && vma->source ? 0 : 8));
    if (flags & MREMAP_DONTUNMAP)
        wanted = count;
    bool overlap = first < to + wanted && to < first + count;
    bool whole = vma && vma->end >= address(first + MIN(count, wanted));
    vaddr_t start = vma ? vma->start : 0, end = vma ? vma->end : 0;
    int64_t got =
        mm_mremap(process->aspace, address(first), count * PAGE_SIZE, wanted * PAGE_SIZE, flags, address(to));
    if (overlap || !whole) {
        assert_int_equal(got, overlap ? -EINVAL : -EFAULT);
        return;
    }
    assert_int_equal(got, address(to));
    mremap_model(process, first, count, to, wanted, flags & MREMAP_DONTUNMAP);
    if (flags & MREMAP_DONTUNMAP)
        region_unlock(process, start, end, first, to, count);
}

/* Few pages are locked, many are unlocked: most of the memory can leave. */
static void mlock_random(struct process *process)
{
    uint64_t first, count, i;
    bool accessible = true, lock = machine_random(2);

    random_range(&first, &count);
    if (lock)
        count = MIN(count, 4);
    int result = mm_mlock(process->aspace, address(first), count * PAGE_SIZE, lock ? VMA_LOCKED : 0);
    for (i = first; i < first + count && process->page[i].mapped; i++) {
        process->page[i].locked = lock;
        process->page[i].pinned &= lock;
        accessible &= process->page[i].prot != PROT_NONE;
    }
    bool whole = i == first + count;
    assert_int_equal(result, whole && (accessible || !lock) ? 0 : -ENOMEM);
    for (i = first; lock && whole && i < first + count; i++)
        process->page[i].pinned |= process->page[i].prot != PROT_NONE;
}

/* => how many pages from `first` on an advice reaches that is refused where memory is locked; *result: what the call must say */
static uint64_t advised(const struct process *process, uint64_t first, uint64_t count, int *result)
{
    *result = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (process->page[first + i].locked) {
            *result = -EINVAL;
            return i;
        }
        if (!process->page[first + i].mapped)
            *result = -ENOMEM; /* a hole: the rest is still done */
    }
    return count;
}

static void dontneed_random(struct process *process)
{
    uint64_t first, count;
    int expected;

    random_range(&first, &count);
    uint64_t done = advised(process, first, count, &expected);
    assert_int_equal(mm_madvise(process->aspace, address(first), count * PAGE_SIZE, MADV_DONTNEED), expected);
    for (uint64_t i = first; i < first + done; i++)
        page_begin(process, i, process->page[i]);
}

static bool may_leave(pte_t pte)
{
    return pte & PTE_HAS_FRAME && pfn_to_page(pte_pfn(pte))->owner == PAGE_ANON &&
           pfn_to_page(pte_pfn(pte))->refs == 1;
}

static void pageout_random(struct process *process)
{
    uint64_t first, count;
    int expected;
    bool leaves[PAGES] = {false};

    random_range(&first, &count);
    uint64_t done = advised(process, first, count, &expected);
    for (uint64_t i = first; i < first + done; i++)
        leaves[i] = may_leave(pmap_lookup(&process->aspace->pmap, address(i)));
    assert_int_equal(mm_madvise(process->aspace, address(first), count * PAGE_SIZE, MADV_PAGEOUT), expected);
    for (uint64_t i = first; i < first + done; i++)
        if (leaves[i] && !memory_may_end)
            assert_true(pmap_lookup(&process->aspace->pmap, address(i)) & PTE_SWAPPED);
}

static void populate_random(struct process *process)
{
    enum access access = machine_random(2) ? ACCESS_WRITE : ACCESS_READ;
    uint64_t first, count, i;

    random_range(&first, &count);
    int result = mm_madvise(process->aspace, address(first), count * PAGE_SIZE,
                            access == ACCESS_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
    for (i = first; i < first + count; i++)
        if (!process->page[i].mapped || !allowed(&process->page[i], access))
            break;
    assert_int_equal(result, i == first + count ? 0 : !process->page[i].mapped ? -ENOMEM : -EINVAL);
}

/* /proc/<pid>/mem: what is there can be read whatever its region says; a forced write needs a region that can be read. */
static bool accessible(struct process *process, uint64_t i, bool write, bool force)
{
    const struct known *known = &process->page[i];

    if (!known->mapped)
        return false;
    if (write)
        return force ? known->prot != PROT_NONE : known->prot & PROT_WRITE;
    return known->prot != PROT_NONE || pmap_lookup(&process->aspace->pmap, address(i));
}

static void access_random(struct process *process)
{
    static uint8_t bytes[3 * PAGE_SIZE];
    uint64_t first = machine_random(PAGES - 3), offset = machine_random(PAGE_SIZE), expected = 0;
    size_t size = 1 + machine_random(2 * PAGE_SIZE), done;
    bool write = machine_random(2), force = machine_random(2);
    uint8_t *model = process->bytes[first] + offset;

    for (uint64_t i = first; expected < size && accessible(process, i, write, force); i++)
        expected = MIN(size, (i + 1 - first) * PAGE_SIZE - offset);
    if (write) {
        memset(bytes, (int)machine_random(256), sizeof(bytes));
        done = access_write(process->aspace, address(first) + offset, bytes, size, force);
        memcpy(model, bytes, expected);
    } else {
        done = access_read(process->aspace, address(first) + offset, bytes, size);
        assert_memory_equal(model, bytes, expected);
    }
    assert_int_equal(done, expected);
}

/* ---- processes come and go ---- */

static void exit_process(struct process *process)
{
    aspace_put(process->aspace);
    process->aspace = NULL;
}

static void start_process(struct process *process)
{
    process->aspace = aspace_create();
    assert_non_null(process->aspace);
    for (uint64_t i = 0; i < PAGES; i++)
        page_begin(process, i, (struct known){0});
}

/* The child takes another's place, the first time an empty one. */
static void fork_random(struct process *process)
{
    struct process *child = &processes[machine_random(PROCESSES)];

    if (child == process || machine_random(4))
        return;
    if (child->aspace)
        exit_process(child);
    child->aspace = aspace_fork(process->aspace);
    assert_non_null(child->aspace);
    memcpy(child->page, process->page, sizeof(child->page));
    memcpy(child->bytes, process->bytes, sizeof(child->bytes));
    for (uint64_t i = 0; i < PAGES; i++)
        child->page[i].locked = child->page[i].pinned = false; /* mlock(2): not inherited */
}

/* The hand moves though nobody is in need; it passes over an address space that is in use. */
static void reclaim_random(struct process *process)
{
    uint64_t frames = free_frames(), swapped = process->aspace->pmap.swapped;
    bool in_use = machine_random(2);

    if (in_use)
        mutex_lock(&process->aspace->lock);
    uint64_t freed = reclaim();
    assert_int_equal(free_frames(), frames + freed);
    assert_true(freed == 0 || !memory_may_end);
    assert_false(page_scarce);
    if (in_use) {
        assert_int_equal(process->aspace->pmap.swapped, swapped);
        mutex_unlock(&process->aspace->lock);
    }
}

static struct process *any_process(void)
{
    struct process *process;

    do
        process = &processes[machine_random(PROCESSES)];
    while (!process->aspace);
    shim_cr3 = process->aspace->pmap.cr3;
    return process;
}

typedef void operation(struct process *);

static void random_steps(operation *const *operations, size_t count, int steps)
{
    for (int step = 0; step < steps; step++) {
        uint64_t what = machine_random(8);
        (what < 4 ? touch_random : what < 6 ? walk_random : operations[machine_random(count)])(any_process());
        if (page_scarce) /* so does process_return_to_user */
            reclaim();
        if (step % 100 == 0)
            check_all();
    }
    check_all();
}

static operation *const all_operations[] = {mmap_random,     mmap_random,     mmap_random,   munmap_random,
                                            mprotect_random, mremap_random,   mlock_random,  dontneed_random,
                                            pageout_random,  populate_random, access_random, access_random,
                                            fork_random,     reclaim_random};

static void exit_all(void)
{
    for (struct process *process = processes; process < processes + PROCESSES; process++)
        if (process->aspace)
            exit_process(process);
    shim_cr3 = kmap_cr3();
}

static void random_operations(void **state)
{
    struct balance before = balance();
    struct swap_state swap = swap_state();
    (void)state;

    for (uint64_t seed = 0; seed < 4; seed++) {
        machine_seed(seed);
        start_process(&processes[0]);
        random_steps(all_operations, ARRAY_SIZE(all_operations), 6000);
        exit_all();
        assert_all_is_back(&before);
    }
    assert_true(swap_state().pages_in > swap.pages_in + 10000);
    assert_true(swap_state().pages_out > swap.pages_out + 10000);
}

/* Most memory is in use when the disk refuses to write. All that it has can still be read, until frames end; when other processes have
 * gone, nothing of the last one is lost. */
static void random_operations_then_refusal(void **state)
{
    static operation *const operations[] = {walk_random,    walk_random,     walk_random,
                                            pageout_random, dontneed_random, reclaim_random};
    struct balance before = balance();
    (void)state;

    start_process(&processes[0]);
    do
        random_steps(all_operations, ARRAY_SIZE(all_operations), 500);
    while (slots_count().taken < 200);
    disk.no_writes = memory_may_end = true;
    struct aspace *greedy = with_region(1000);
    for (uint64_t i = 0; write_number(greedy, i, i) == 0; i++)
        assert_true(i < 999);
    assert_false(swap_has_room());
    random_steps(operations, ARRAY_SIZE(operations), 500);
    assert_true(memory_ended > 0);

    memory_may_end = false;
    aspace_put(greedy);
    for (struct process *process = processes + 1; process < processes + PROCESSES; process++)
        if (process->aspace)
            exit_process(process);
    for (uint64_t i = 0; i < PAGES; i++)
        if (processes[0].page[i].mapped && processes[0].page[i].prot)
            assert_int_equal(fault_range(processes[0].aspace, address(i), address(i + 1), ACCESS_READ), 0);
    check_all();
    exit_all();
    assert_all_is_back(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};
    const struct CMUnitTest refusal = cmocka_unit_test(random_operations_then_refusal);
    int failed = 0;

    space_start();
    for (uint64_t seed = 10; seed < 13; seed++)
        failed |= run_apart(&refusal, seed);
    return cmocka_run_group_tests(tests, NULL, NULL) || failed;
}
