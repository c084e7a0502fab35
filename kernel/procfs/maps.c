/* SPDX-License-Identifier: MIT */
/* maps.c - the regions of a process, a row each, to the byte as Linux prints them (fs/proc/task_mmu.c of Linux 6.18).
 *
 *     00400000-00401000 r--p 00000000 00:01 17                                 /bin/vmrss
 *     start-end perm offset device inode, blanks up to column 73, name; a row without a name ends with one blank
 *
 * smaps adds what is resident. The address space stays locked while the text is made, so its rows fit together.
 * The process is not looked at after that lock was waited for. */
#include <procfs/files.h>

#include <lib/digits.h>
#include <mm/mmstat.h>
#include <proc/process.h>
#include <string.h>

#include <asm-generic/errno.h>

#define NAME_COLUMN 73
#define KB_COLUMN 16
#define NAME_SIZE 4097 /* a path of PATH_LENGTH_MAX, and " (deleted)" cut short */

/* Everything before the name: "start-end perm offset device inode ", up to the name's column if there is one. */
static void put_head(struct proctext *text, const struct vma *vma, bool named)
{
    char head[128], *at = head;
    uint32_t device = vma->source != NULL ? vma->source->device : 0;

    at = digits_hex(at, vma->start, 8);
    *at++ = '-';
    at = digits_hex(at, vma->end, 8);
    *at++ = ' ';
    *at++ = vma->flags & VMA_READ ? 'r' : '-';
    *at++ = vma->flags & VMA_WRITE ? 'w' : '-';
    *at++ = vma->flags & VMA_EXEC ? 'x' : '-';
    *at++ = vma->flags & VMA_SHARED ? 's' : 'p';
    *at++ = ' ';
    at = digits_hex(at, vma->source != NULL ? vma->offset << PAGE_SHIFT : 0, 8);
    *at++ = ' ';
    at = digits_hex(at, device >> 8, 2);
    *at++ = ':';
    at = digits_hex(at, device & 0xff, 2);
    *at++ = ' ';
    at = digits_decimal(at, vma->source != NULL ? vma->source->inode : 0, 1);
    do
        *at++ = ' ';
    while (named && at < head + NAME_COLUMN);
    proctext_put(text, head, (size_t)(at - head));
}

static void row(struct proctext *text, struct aspace *aspace, struct vma *vma, char name[NAME_SIZE])
{
    mmstat_vma_name(aspace, vma, name, NAME_SIZE);
    put_head(text, vma, name[0] != '\0');
    proctext_put(text, name, strlen(name));
    proctext_put(text, "\n", 1);
}

/* "Rss:                  12 kB" */
static void kilobytes(struct proctext *text, const char *name, uint64_t bytes)
{
    char line[64], *at;

    memset(line, ' ', KB_COLUMN);
    memcpy(line, name, strlen(name));
    at = digits_decimal(line + KB_COLUMN, bytes / KIB, 8);
    memcpy(at, " kB\n", 4);
    proctext_put(text, line, (size_t)(at + 4 - line));
}

/* What smaps and its roll-up have in common. `shmem`: say whose the proportional share is; so much is shared memory's. */
static void usage(struct proctext *text, const struct vma_usage *counted, const uint64_t *shmem)
{
    kilobytes(text, "Rss:", counted->rss);
    kilobytes(text, "Pss:", counted->pss_shifted >> 12);
    kilobytes(text, "Pss_Dirty:", counted->pss_dirty_shifted >> 12);
    if (shmem != NULL) {
        kilobytes(text, "Pss_Anon:", counted->pss_anon_shifted >> 12);
        kilobytes(text, "Pss_File:", (counted->pss_shifted - counted->pss_anon_shifted - *shmem) >> 12);
        kilobytes(text, "Pss_Shmem:", *shmem >> 12);
    }
    kilobytes(text, "Shared_Clean:", counted->shared_clean);
    kilobytes(text, "Shared_Dirty:", counted->shared_dirty);
    kilobytes(text, "Private_Clean:", counted->private_clean);
    kilobytes(text, "Private_Dirty:", counted->private_dirty);
    kilobytes(text, "Referenced:", counted->referenced);
    kilobytes(text, "Anonymous:", counted->anonymous);
    /* Of these there is nothing here: no merging of equal pages, no lazy free, no large pages. */
    static const char *const absent[] = {
        "KSM:",           "LazyFree:",       "AnonHugePages:",  "ShmemPmdMapped:",
        "FilePmdMapped:", "Shared_Hugetlb:", "Private_Hugetlb:"};
    for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
        kilobytes(text, absent[i], 0);
    kilobytes(text, "Swap:", counted->swap);
    kilobytes(text, "SwapPss:", counted->swap_pss_shifted >> 12);
    kilobytes(text, "Locked:", counted->locked >> 12);
}

/* In the order of Linux's bits. A mapping that may not become writable is one of a file that was opened for reading
 * only; Linux calls it shareable, but not shared. `ac`: counts towards what was promised (Committed_AS). */
static void flags(struct proctext *text, const struct vma *vma)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {VMA_STACK, "gd "},      {VMA_LOCKED, "lo "},        {VMA_SEQUENTIAL, "sr "}, {VMA_RANDOM, "rr "},
        {VMA_DONTFORK, "dc "},   {VMA_LOCK_ON_FAULT, "lf "}, {VMA_ACCOUNT, "ac "},    {VMA_NORESERVE, "nr "},
        {VMA_WIPEONFORK, "wf "}, {VMA_DONTDUMP, "dd "},      {VMA_HUGE, "hg "},       {VMA_NO_HUGE, "nh "},
        {VMA_MERGEABLE, "mg "},
    };
    bool shared = vma->flags & VMA_SHARED, may_write = !shared || (vma->flags & VMA_MAY_WRITE);

    proctext_printf(text, "VmFlags: %s%s%s%smr %sme %s", vma->flags & VMA_READ ? "rd " : "",
                    vma->flags & VMA_WRITE ? "wr " : "", vma->flags & VMA_EXEC ? "ex " : "",
                    shared && may_write ? "sh " : "", may_write ? "mw " : "", shared ? "ms " : "");
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (vma->flags & names[i].flag)
            proctext_printf(text, "%s", names[i].name);
    proctext_printf(text, "\n");
}

static void detail(struct proctext *text, struct aspace *aspace, struct vma *vma)
{
    struct vma_usage counted = {0};

    mmstat_vma(aspace, vma, &counted);
    kilobytes(text, "Size:", vma->end - vma->start);
    kilobytes(text, "KernelPageSize:", PAGE_SIZE);
    kilobytes(text, "MMUPageSize:", PAGE_SIZE);
    usage(text, &counted, NULL);
    proctext_printf(text, "THPeligible:    %8u\n", 0);
    flags(text, vma);
}

static void rows(struct proctext *text, bool with_detail)
{
    struct aspace *aspace ASPACE_HELD = process_aspace(text->process);
    if (aspace == NULL)
        return; /* it has exited: no rows, as on Linux */
    struct page *name = page_alloc_order(PAGE_BUFFER, 1);
    if (name == NULL) {
        text->error = -ENOMEM;
        return;
    }

    MUTEX_GUARD(&aspace->lock);
    for (struct vma *vma = TAILQ_FIRST(&aspace->vmas.list); vma != NULL; vma = vma_next(vma)) {
        row(text, aspace, vma, page_to_virt(name));
        if (with_detail)
            detail(text, aspace, vma);
        if (text->error != 0)
            break;
    }
    page_put(name);
}

void proc_maps(struct proctext *text)
{
    rows(text, false);
}

void proc_smaps(struct proctext *text)
{
    rows(text, true);
}

void proc_smaps_rollup(struct proctext *text)
{
    struct aspace *aspace ASPACE_HELD = process_aspace(text->process);
    if (aspace == NULL) {
        text->error = -ESRCH;
        return;
    }

    struct vma_usage sum = {0};
    uint64_t shmem = 0;
    mutex_lock(&aspace->lock);
    struct vma *first = TAILQ_FIRST(&aspace->vmas.list), *last = TAILQ_LAST(&aspace->vmas.list, vma_list);
    vaddr_t start = first != NULL ? first->start : 0, end = last != NULL ? last->end : 0;
    for (struct vma *vma = first; vma != NULL; vma = vma_next(vma)) {
        uint64_t before = sum.pss_shifted - sum.pss_anon_shifted;
        mmstat_vma(aspace, vma, &sum);
        if (vma->source != NULL && vma->source->anonymous_shared)
            shmem += sum.pss_shifted - sum.pss_anon_shifted - before;
    }
    mutex_unlock(&aspace->lock);

    put_head(text, &(struct vma){.start = start, .end = end}, true);
    proctext_printf(text, "[rollup]\n");
    usage(text, &sum, &shmem);
}
