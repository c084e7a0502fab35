/* SPDX-License-Identifier: MIT */
/* kmap.c - the kernel half of the address space.
 *
 *   direct map    1 GiB pages where the CPU has them and the RAM is whole, else 2 MiB; 4 KiB around the kernel image, so
 *                 that its text is not writable under a second name
 *   frame array   4 KiB pages over storage that bootmem gave
 *   image         text r-x, rodata r--, data rw-, symbols r--; the page below the boot stack is left out
 *   kernel stacks one page at a time, later
 *
 * All of it is global and shared: a new address space copies the upper 256 entries of this root. So every PML4 entry of the
 * upper half that will ever be used is made at boot. pmap.c writes user entries; only this file writes kernel ones.
 * One CPU builds them before others run; kernel stacks are guarded by their own lock (kstack.c). */
#include <arch/x86/tlb.h>
#include <asm-generic/errno.h>
#include <mm/bootmem.h>
#include <mm/kmap.h>
#include <mm/page.h>
#include <mm/pt.h>
#include <string.h>
#include <x86/cpu.h>

extern char image_start[], text_start[], text_end[], rodata_start[], rodata_end[], data_end[], image_end[],
    boot_stack_guard[];

static pte_t *root;
static uint64_t tables;   /* in use by the kernel half, the root included */
static bool early = true; /* tables come from bootmem, not from the frame allocator */

#define KERNEL_PTE (PTE_PRESENT | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY)

static pte_t *table_alloc(void)
{
    if (early) {
        tables++;
        return memset(paddr_to_virt(bootmem_alloc(1, PAGE_TABLE)), 0, PAGE_SIZE);
    }
    struct page *page = page_alloc_zeroed(PAGE_TABLE);
    tables += page != NULL;
    return page ? page_to_virt(page) : NULL;
}

uint64_t kmap_tables(void)
{
    return tables;
}

/* The entry for va on `level`, with all tables above it. => NULL when memory is short. */
static pte_t *entry_make(vaddr_t va, int level)
{
    pte_t *table = root;

    for (int at = PT_LEVELS; at > level; at--) {
        pte_t *entry = &table[PT_INDEX(va, at)];
        if (!(*entry & PTE_PRESENT)) {
            pte_t *below = table_alloc();
            if (!below)
                return NULL;
            *entry = virt_to_paddr(below) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
        }
        assert(!(*entry & PTE_LARGE));
        table = pt_table(*entry);
    }
    return &table[PT_INDEX(va, level)];
}

static void map_range(vaddr_t va, paddr_t start, paddr_t end, pte_t flags)
{
    for (paddr_t at = start; at < end; at += PAGE_SIZE, va += PAGE_SIZE)
        *entry_make(va, 1) = at | flags;
}

/* Does [start, start + size) touch the kernel image? */
static bool near_image(paddr_t start, uint64_t size)
{
    paddr_t first = (paddr_t)image_start - KERNEL_BASE, last = (paddr_t)image_end - KERNEL_BASE;

    return start < last && start + size > first;
}

static void direct_map_range(paddr_t start, paddr_t end, bool gigabyte_pages)
{
    paddr_t read_only_start = (paddr_t)text_start - KERNEL_BASE,
            read_only_end = (paddr_t)rodata_end - KERNEL_BASE;

    for (paddr_t at = start; at < end;) {
        int level = gigabyte_pages ? 3 : 2;
        while (level > 1 &&
               (at % PT_SPAN(level) != 0 || at + PT_SPAN(level) > end || near_image(at, PT_SPAN(level))))
            level--;
        pte_t flags = KERNEL_PTE | PTE_NX | (level > 1 ? PTE_LARGE : 0);
        if (at < read_only_start || at >= read_only_end)
            flags |= PTE_WRITE;
        *entry_make(DIRECT_MAP + at, level) = at | flags;
        at += PT_SPAN(level);
    }
}

static void image_map(void)
{
    struct part {
        char *start, *end;
        pte_t flags;
    } parts[] = {
        /* the boot part (32-bit code, first page tables) is used up but for the entry's TSC, which clock.c still reads */
        {image_start, text_start, PTE_NX},
        {text_start, text_end, 0},
        {rodata_start, rodata_end, PTE_NX},
        {rodata_end, boot_stack_guard, PTE_NX | PTE_WRITE},
        {boot_stack_guard + PAGE_SIZE, data_end, PTE_NX | PTE_WRITE},
        {data_end, image_end, PTE_NX},
    };

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        map_range((vaddr_t)parts[i].start, (paddr_t)parts[i].start - KERNEL_BASE,
                  (paddr_t)parts[i].end - KERNEL_BASE, KERNEL_PTE | parts[i].flags);
}

static void frame_array_map(void)
{
    uint64_t bytes = page_ceil(frame_array_end(bootmem.ram[bootmem.ram_count - 1].end) * sizeof(struct page));
    paddr_t storage = bootmem_alloc(bytes >> PAGE_SHIFT, PAGE_ARRAY);

    map_range(FRAME_ARRAY, storage, storage + bytes, KERNEL_PTE | PTE_NX | PTE_WRITE);
}

void kmap_init(bool gigabyte_pages)
{
    root = table_alloc();
    for (unsigned i = 0; i < bootmem.ram_count; i++)
        direct_map_range(bootmem.ram[i].start << PAGE_SHIFT, bootmem.ram[i].end << PAGE_SHIFT,
                         gigabyte_pages);
    frame_array_map();
    image_map();
    entry_make(KSTACK_AREA, 3); /* the PML4 entry that all address spaces will share */
    cpu_write_cr3(virt_to_paddr(root));
}

void kmap_done(void)
{
    early = false;
}

volatile uint32_t *kmap_device(paddr_t address, size_t size)
{
    assert(early);
    map_range(DIRECT_MAP + page_floor(address), page_floor(address), address + size,
              KERNEL_PTE | PTE_NX | PTE_WRITE | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH);
    return (volatile uint32_t *)(DIRECT_MAP + address);
}

pte_t *kmap_root(void)
{
    return root;
}

paddr_t kmap_cr3(void)
{
    return virt_to_paddr(root);
}

int kmap_page(vaddr_t va, paddr_t frame)
{
    pte_t *entry = entry_make(va, 1);

    if (!entry)
        return -ENOMEM;
    assert(*entry == 0);
    *entry = frame | KERNEL_PTE | PTE_NX | PTE_WRITE;
    return 0;
}

paddr_t kmap_unmap_page(vaddr_t va)
{
    pte_t *entry = entry_make(va, 1);
    paddr_t frame = pte_paddr(*entry);

    assert(*entry & PTE_PRESENT);
    *entry = 0;
    tlb_flush_kernel(va);
    return frame;
}
