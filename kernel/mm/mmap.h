/* SPDX-License-Identifier: MIT */
/* mmap.h - the verbs on an address space, as the man pages of section 2 have them. Each takes and releases aspace->lock. */
#pragma once

#include <mm/aspace.h>

/* What a system call brings about a file. */
struct mmap_file {
    struct pagesrc *source; /* a reference of its own is taken */
    bool may_write;         /* the file was opened for writing */
    uint64_t offset;        /* of the mapping, in bytes; page-aligned */
    int refusal; /* 0, or what the open file says to this mapping (-EACCES, -ENODEV), once it has a place */
};

extern const struct mmap_file mmap_no_file; /* anonymous memory */
/* prot, flags: PROT_, MAP_ of <linux/mman.h>. => the address, or -EINVAL, -ENOMEM, -EEXIST, -EACCES, -EOPNOTSUPP, -EPERM. */
int64_t mm_mmap(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot, uint64_t flags,
                const struct mmap_file *file);
/* Where a mapping goes (mmap's flags). => a free address, with MAP_FIXED the hint itself; -EINVAL, -ENOMEM, -EEXIST. aspace->lock held. */
int64_t mmap_place(struct aspace *aspace, vaddr_t hint, uint64_t length, uint64_t flags);
int mm_munmap(struct aspace *aspace, vaddr_t address, uint64_t length);
int mm_mprotect(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot);
/* flags: MREMAP_ of <linux/mman.h>. => the new address, or -EINVAL, -EFAULT, -ENOMEM. */
int64_t mm_mremap(struct aspace *aspace, vaddr_t address, uint64_t old_length, uint64_t new_length,
                  uint64_t flags, vaddr_t new_address);
/* lock: VMA_LOCK flags; 0 unlocks. => 0, -EINVAL, -ENOMEM (a hole, or memory that cannot be had), -EAGAIN. */
int mm_mlock(struct aspace *aspace, vaddr_t address, uint64_t length, uint32_t lock);
/* now, future: VMA_LOCK flags for all regions that are and that will be. */
void mm_mlockall(struct aspace *aspace, bool change_now, uint32_t now, uint32_t future);
/* Makes the pages of all regions in [start, end) resident, as far as they go: writable private ones as by a write. Holes are passed over.
 * => 0, or the first error: -ENOMEM, -EIO, -EACCES (a region without access). */
int mm_populate(struct aspace *aspace, vaddr_t start, vaddr_t end);
int mm_madvise(struct aspace *aspace, vaddr_t address, uint64_t length, int advice);
/* vector: one byte a page, kernel memory of `length` pages rounded up. */
int mm_mincore(struct aspace *aspace, vaddr_t address, uint64_t length, uint8_t *vector);
int mm_msync(struct aspace *aspace, vaddr_t address, uint64_t length, int flags);
/* => the break after the call: the new one, or the old one if refused. */
vaddr_t mm_brk(struct aspace *aspace, vaddr_t new_break);
