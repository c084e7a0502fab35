/* SPDX-License-Identifier: MIT */
/* memory.c - the system calls on one's own memory: what the file behind a mapping allows is checked here, the rest is
 * the business of mm/mmap.c. Who called goes into the address space's history of what was unmapped and by whom. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/device.h>
#include <fs/shmem.h>
#include <mm/commit.h>
#include <mm/mmap.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#define MINCORE_CHUNK 512 /* pages answered at a time */

static struct aspace *own_aspace(const struct trapframe *frame)
{
    struct aspace *aspace = current_process()->aspace;

    aspace->callers[0] = frame->rip;
    aspace->callers[1] = 0;
    return aspace;
}

/* Who called, by frame pointers, as long as they look like some: they climb the stack. It is munmap inside free, mostly, and
 * what a person wants to know is who freed. Code without frame pointers costs one comparison or two. */
static bool is_plausible(vaddr_t at, vaddr_t least)
{
    return at % 16 == 0 && at >= least;
}

static NOINLINE void note_callers(struct aspace *aspace, const struct trapframe *frame)
{
    vaddr_t at = frame->rbp, least = frame->rsp;

    for (unsigned i = 1; i < UNMAP_CALLERS; i++) {
        uint64_t record[2];
        bool known = is_plausible(at, least) && user_range_ok(at, sizeof(record)) &&
                     peek_user_frame(at, record) == 0;
        aspace->callers[i] = known ? record[1] : 0;
        if (!known)
            return;
        least = at + sizeof(record);
        at = record[0];
    }
}

static bool is_shared(uint64_t flags)
{
    return (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

/* A new mapping of /dev/zero is one of anonymous memory. */
static bool is_zero_device(const struct file *file)
{
    return node_is(file->node, S_IFCHR) && file->node->rdev == device_zero.number;
}

static bool may_write(const struct file *file)
{
    return (file->flags & O_ACCMODE) == O_RDWR && !(file->node->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

/* May the open file be mapped so? The order of the refusals is Linux's. */
static int check_file(const struct file *file, uint64_t prot, uint64_t flags)
{
    uint32_t mode = file->flags & O_ACCMODE;

    if (is_shared(flags) && (prot & PROT_WRITE) && mode == O_RDONLY)
        return -EACCES;
    if (mode == O_WRONLY)
        return -EACCES;
    if (is_shared(flags) && (prot & PROT_WRITE) && !may_write(file))
        return -EPERM;
    return file->node->source == NULL ? -ENODEV : 0;
}

static int64_t map_anonymous(struct trapframe *frame);

static NOINLINE int64_t map_file(struct trapframe *frame)
{
    struct file *file FILE_HELD = fdtable_get_open(current_process()->files, (int)ARG4(frame));
    if (file == NULL)
        return -EBADF;

    const struct mmap_file mapped = {.source = file->node->source,
                                     .may_write = may_write(file),
                                     .offset = ARG5(frame),
                                     .refusal = check_file(file, ARG2(frame), ARG3(frame))};
    if (ARG1(frame) == 0 || ARG3(frame) & MAP_HUGETLB)
        return -EINVAL;
    if (is_zero_device(file))
        return map_anonymous(frame);
    return mm_mmap(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame), ARG3(frame), &mapped);
}

/* Shared anonymous memory is a file without a name: it must outlive this address space in those of children. */
static NOINLINE int64_t map_shared_anonymous(struct trapframe *frame)
{
    struct mmap_file mapped = {.may_write = true};
    uint64_t length = ARG1(frame);

    if (length > USER_END)
        return -ENOMEM;
    bool promise = !(ARG3(frame) & MAP_NORESERVE) || commit_settings.mode == COMMIT_NEVER;
    int error = shmem_create(page_ceil(length) >> PAGE_SHIFT, promise, &mapped.source);
    if (error != 0)
        return error;
    int64_t result = mm_mmap(own_aspace(frame), ARG0(frame), length, ARG2(frame),
                             ARG3(frame) & ~(uint64_t)MAP_ANONYMOUS, &mapped);
    pagesrc_put(mapped.source);
    return result;
}

static int64_t map_anonymous(struct trapframe *frame)
{
    uint64_t flags = ARG3(frame) | MAP_ANONYMOUS;

    if (flags & MAP_HUGETLB)
        return -ENOMEM; /* there are no large pages */
    if ((flags & MAP_TYPE) == MAP_SHARED)
        return map_shared_anonymous(frame);
    return mm_mmap(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame), flags, &mmap_no_file);
}

int64_t sys_mmap(struct trapframe *frame)
{
    uint64_t flags = ARG3(frame);

    if (!page_aligned(ARG5(frame)))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return map_file(frame);
    return ARG1(frame) == 0 ? -EINVAL : map_anonymous(frame);
}

int64_t sys_munmap(struct trapframe *frame)
{
    struct aspace *aspace = own_aspace(frame);

    if (is_plausible(frame->rbp, frame->rsp))
        note_callers(aspace, frame);
    return mm_munmap(aspace, ARG0(frame), ARG1(frame));
}

SYSCALL_IS(mprotect, mm_mprotect(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame)));
SYSCALL_IS(madvise, mm_madvise(own_aspace(frame), ARG0(frame), ARG1(frame), (int)ARG2(frame)));
SYSCALL_IS(msync, mm_msync(own_aspace(frame), ARG0(frame), ARG1(frame), (int)ARG2(frame)));
SYSCALL_IS(mremap,
           mm_mremap(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame), ARG3(frame), ARG4(frame)));
SYSCALL_IS(mlock, mm_mlock(own_aspace(frame), ARG0(frame), ARG1(frame), VMA_LOCKED));

int64_t sys_mlock2(struct trapframe *frame)
{
    if (ARG2(frame) & ~(uint64_t)MLOCK_ONFAULT)
        return -EINVAL;
    return mm_mlock(own_aspace(frame), ARG0(frame), ARG1(frame), ARG2(frame) ? VMA_LOCK : VMA_LOCKED);
}

SYSCALL_IS(munlock, mm_mlock(own_aspace(frame), ARG0(frame), ARG1(frame), 0));

int64_t sys_mlockall(struct trapframe *frame)
{
    uint64_t flags = ARG0(frame);
    uint32_t lock = flags & MCL_ONFAULT ? VMA_LOCK : VMA_LOCKED;

    if (flags & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || !(flags & (MCL_CURRENT | MCL_FUTURE)))
        return -EINVAL;
    mm_mlockall(own_aspace(frame), flags & MCL_CURRENT, flags & MCL_CURRENT ? lock : 0,
                flags & MCL_FUTURE ? lock : 0);
    return 0;
}

int64_t sys_munlockall(struct trapframe *frame)
{
    mm_mlockall(own_aspace(frame), true, 0, 0);
    return 0;
}

SYSCALL_IS(brk, (int64_t)mm_brk(own_aspace(frame), ARG0(frame)));

int64_t sys_mincore(struct trapframe *frame)
{
    struct aspace *aspace = own_aspace(frame);
    vaddr_t address = ARG0(frame), vector = ARG2(frame);
    uint64_t length = ARG1(frame);
    uint8_t chunk[MINCORE_CHUNK];
    uint64_t step = MINCORE_CHUNK;

    if (!page_aligned(address))
        return -EINVAL;
    if (!user_range_ok(address, length))
        return -ENOMEM;
    for (uint64_t left = page_ceil(length) >> PAGE_SHIFT; left != 0;) {
        uint64_t pages = MIN(left, step);
        int error = mm_mincore(aspace, address, pages << PAGE_SHIFT, chunk);
        if (error != 0 && pages > 1) { /* what lies before a hole is told */
            step = 1;
            continue;
        }
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
