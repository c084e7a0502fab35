/* SPDX-License-Identifier: MIT */
/* vdso.c - the kernel's side of the vDSO: it fills the clock page and maps page and code into programs.
 *
 *     [vvar]  VVAR_PAGES   the clock page; the rest is SIGBUS        (sizes, order and permissions of Linux 6.1)
 *     [vdso]  VDSO_PAGES   build/vdso.so, as it lies in the kernel's image
 *
 * Both are page sources, as a file is: so a page comes with the first touch, fork copies nothing, and a debugger that
 * writes a breakpoint into [vdso] gets a private copy. The frames belong to the kernel's image (PAGE_IMAGE) and so count
 * in nobody's resident set.
 * Guards: `lock` for writing the clock page; readers have the sequence (data.h). */
#include <arch/x86/machine.h>
#include <asm-generic/errno.h>
#include <dev/rtc.h>
#include <mm/page.h>
#include <pagesrc.h>
#include <sched/spinlock.h>
#include <string.h>
#include <trace/trace.h>
#include <vdso/data.h>
#include <vdso/vdso.h>

struct image_source {
    struct pagesrc source;
    const char *name;
    const void *pages;
    uint64_t count;
};

/* A page of its own: nothing else may lie in what every process can read. */
static union {
    struct vdso_data data;
    uint8_t page[PAGE_SIZE];
} clock_page __attribute__((aligned(PAGE_SIZE)));

static struct spinlock lock;

extern const uint8_t vdso_image[VDSO_PAGES * PAGE_SIZE]; /* image.asm */

/* ---- The clock page ---- */

void vdso_update(void)
{
    struct vdso_data *data = &clock_page.data;

    spin_lock(&lock);
    __atomic_store_n(&data->sequence, data->sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    data->scale = clock_scale;
    data->realtime = clock_boot_realtime();
    data->trace_level = trace_level;
    data->has_rdtscp = cpu_features.rdtscp;
    __atomic_store_n(&data->sequence, data->sequence + 1, __ATOMIC_RELEASE);
    spin_unlock(&lock);
}

/* ---- The two regions ---- */

static struct page *image_resident(struct pagesrc *source, uint64_t index)
{
    const struct image_source *image = CONTAINER_OF(source, struct image_source, source);

    if (index >= image->count)
        return NULL;
    return pfn_to_page((((vaddr_t)image->pages - KERNEL_BASE) >> PAGE_SHIFT) + index);
}

static int image_page(struct pagesrc *source, uint64_t index, struct page **page)
{
    *page = image_resident(source, index);
    if (!*page)
        return -EIO;
    page_get(*page);
    return 0;
}

static void image_name(struct pagesrc *source, char *buffer, size_t size)
{
    strlcpy(buffer, CONTAINER_OF(source, struct image_source, source)->name, size);
}

static const struct pagesrc_ops image_ops = {
    .page = image_page, .resident = image_resident, .name = image_name};

/* The first reference is the kernel's own and stays: no release. */
static struct image_source vvar = {{.ops = &image_ops, .refs = 1}, "[vvar]", clock_page.page, 1};
static struct image_source vdso = {{.ops = &image_ops, .refs = 1}, "[vdso]", vdso_image, VDSO_PAGES};

static int image_map(struct aspace *aspace, vaddr_t start, uint64_t pages, uint32_t flags,
                     struct image_source *image)
{
    vaddr_t end = start + pages * PAGE_SIZE;

    return aspace_map(aspace, start, end, flags, &image->source, 0) ? 0 : -ENOMEM;
}

int vdso_map(struct aspace *aspace, vaddr_t *image)
{
    mutex_lock(&aspace->lock);
    int error = -ENOMEM;
    vaddr_t start = vma_gap_below(&aspace->vmas, (VVAR_PAGES + VDSO_PAGES) * PAGE_SIZE, MMAP_MIN, MMAP_TOP);
    *image = start + VVAR_PAGES * PAGE_SIZE;
    if (start)
        error = image_map(aspace, start, VVAR_PAGES, VMA_READ, &vvar);
    if (!error)
        error = image_map(aspace, *image, VDSO_PAGES, VMA_READ | VMA_EXEC | VMA_MAY_WRITE, &vdso);
    mutex_unlock(&aspace->lock);
    return error;
}
