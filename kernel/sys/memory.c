/* SPDX-License-Identifier: MIT */
/* memory.c - the system calls on one's own memory: what the file behind a mapping allows is checked here, the rest is
 * the business of mm/mmap.c. The caller's rip goes into the address space's history of what was unmapped and by whom. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <fs/shmem.h>
#include <mm/mmap.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define MINCORE_CHUNK 512 /* pages answered at a time */

static struct aspace *own_aspace(const struct trapframe *frame)
{
    struct aspace *aspace = current_process()->aspace;

    aspace->caller_rip = frame->rip;
    return aspace;
}

static bool is_shared(uint64_t flags)
{
    return (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

/* May the open file be mapped so? The order of the refusals is Linux's. */
static int check_file(const struct file *file, uint64_t prot, uint64_t flags)
{
    uint32_t mode = file->flags & O_ACCMODE;

    if (is_shared(flags) && (prot & PROT_WRITE) && mode == O_RDONLY)
        return -EACCES;
    if (mode == O_WRONLY)
        return -EACCES;
    return file->node->source == NULL ? -ENODEV : 0;
}

static int64_t map_file(struct trapframe *frame)
{
    struct file *file = fdtable_get(current_process()->files, (int)ARG4(frame));
    if (file == NULL)
        return -EBADF;

    struct mmap_file mapped = {.source = file->node->source,
                               .may_write = (file->flags & O_ACCMODE) == O_RDWR};
    int64_t result = ARG1(frame) == 0 ? -EINVAL : check_file(file, ARG2(frame), ARG3(frame));
    if (result == 0)
        result = mm_mmap(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame), ARG3(frame), &mapped,
                         ARG5(frame));
    file_put(file);
    return result;
}

/* Shared anonymous memory is a file without a name: it must outlive this address space in those of children. */
static int64_t map_shared_anonymous(struct trapframe *frame)
{
    struct mmap_file mapped = {.may_write = true};
    uint64_t length = ARG1(frame);

    if (length > USER_END)
        return -ENOMEM;
    int error = shmem_create(page_ceil(length) >> PAGE_SHIFT, &mapped.source);
    if (error != 0)
        return error;
    int64_t result = mm_mmap(own_aspace(frame), ARG0(frame), length, ARG2(frame),
                             ARG3(frame) & ~(uint64_t)MAP_ANONYMOUS, &mapped, 0);
    pagesrc_put(mapped.source);
    return result;
}

int64_t sys_mmap(struct trapframe *frame)
{
    uint64_t flags = ARG3(frame);

    if (!page_aligned(ARG5(frame)))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return map_file(frame);
    if (ARG1(frame) == 0)
        return -EINVAL;
    if (is_shared(flags))
        return map_shared_anonymous(frame);
    const struct mmap_file anonymous = {0};
    return mm_mmap(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame), flags, &anonymous, 0);
}

int64_t sys_munmap(struct trapframe *frame)
{
    return mm_munmap(own_aspace(frame), ARG0(frame), ARG1(frame));
}

int64_t sys_mprotect(struct trapframe *frame)
{
    return mm_mprotect(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame));
}

int64_t sys_madvise(struct trapframe *frame)
{
    return mm_madvise(own_aspace(frame), ARG0(frame), ARG1(frame), (int)ARG2(frame));
}

int64_t sys_msync(struct trapframe *frame)
{
    return mm_msync(own_aspace(frame), ARG0(frame), ARG1(frame), (int)ARG2(frame));
}

int64_t sys_brk(struct trapframe *frame)
{
    return (int64_t)mm_brk(own_aspace(frame), ARG0(frame));
}

int64_t sys_mincore(struct trapframe *frame)
{
    struct aspace *aspace = own_aspace(frame);
    vaddr_t address = ARG0(frame), vector = ARG2(frame);
    uint64_t length = ARG1(frame);
    uint8_t chunk[MINCORE_CHUNK];

    if (!page_aligned(address))
        return -EINVAL;
    if (!user_range_ok(address, length))
        return -ENOMEM;
    for (uint64_t left = page_ceil(length) >> PAGE_SHIFT; left != 0;) {
        uint64_t pages = MIN(left, MINCORE_CHUNK);
        int error = mm_mincore(aspace, address, pages << PAGE_SHIFT, chunk);
        if (error == 0)
            error = copy_to_user(vector, chunk, pages);
        if (error != 0)
            return error;
        address += pages << PAGE_SHIFT;
        vector += pages;
        left -= pages;
    }
    return 0;
}
