/* SPDX-License-Identifier: MIT */
/* mmap.h - the verbs on an address space, as the man pages of section 2 have them. Each takes and releases aspace->lock. */
#ifndef FAULTLINE_MM_MMAP_H
#define FAULTLINE_MM_MMAP_H

#include <mm/aspace.h>

/* What a system call brings about a file: access already checked against the open file by the caller (EBADF, EACCES, ENODEV). */
struct mmap_file {
    struct pagesrc *source; /* a reference of its own is taken */
    bool may_write;         /* the file was opened for writing */
};

/* prot, flags: PROT_, MAP_ of <linux/mman.h>; file: NULL for anonymous memory; offset in bytes. => the address, or -EINVAL, -ENOMEM, -EEXIST, -EACCES, -EOPNOTSUPP, -EPERM. */
int64_t mm_mmap(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot, uint64_t flags,
                const struct mmap_file *file, uint64_t offset);
int mm_munmap(struct aspace *aspace, vaddr_t address, uint64_t length);
int mm_mprotect(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot);
int mm_madvise(struct aspace *aspace, vaddr_t address, uint64_t length, int advice);
/* vector: one byte a page, kernel memory of `length` pages rounded up. */
int mm_mincore(struct aspace *aspace, vaddr_t address, uint64_t length, uint8_t *vector);
int mm_msync(struct aspace *aspace, vaddr_t address, uint64_t length, int flags);
/* => the break after the call: the new one, or the old one if refused. */
vaddr_t mm_brk(struct aspace *aspace, vaddr_t new_break);

#endif
