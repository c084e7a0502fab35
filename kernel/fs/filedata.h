/* SPDX-License-Identifier: MIT */
/* filedata.h - the bytes of a file that lives in memory: frames that read, write and mmap share. */
#pragma once

#include <fs/io.h>
#include <fs/pagetree.h>
#include <mm/page.h>
#include <pagesrc.h>
#include <sched/spinlock.h>
#include <types.h>

#define FILEDATA_SIZE_MAX 0x7ffffffffffff000UL /* the largest off_t, in whole pages */

struct filedata {
    struct pagesrc source; /* the owner's ops use filedata_page and filedata_resident */
    struct spinlock lock;  /* guards: pages, and who writes *size */
    struct pagetree pages; /* a missing page reads as zeros */
    uint64_t *size;        /* bytes; the owner has it */
    enum page_owner owner; /* of the frames */
};

/* `data` is zeroed; source.refs becomes 1, device and inode are the owner's to fill. */
void filedata_init(struct filedata *data, const struct pagesrc_ops *ops, enum page_owner owner,
                   uint64_t *size);
/* Lets go of all pages. */
void filedata_free(struct filedata *data);

ssize_t filedata_read(struct filedata *data, struct io *io, uint64_t *position);
/* => bytes written, -ENOSPC, -EFBIG, -EFAULT. */
ssize_t filedata_write(struct filedata *data, struct io *io, uint64_t *position);
/* => 0, -EFBIG. Mappings lose what they show beyond the new end; locks address spaces for that, one at a time. */
int filedata_resize(struct filedata *data, uint64_t size);

/* For struct pagesrc_ops. */
int filedata_page(struct pagesrc *source, uint64_t index, struct page **page);
struct page *filedata_resident(struct pagesrc *source, uint64_t index);

/* Files may fill this many frames in all, so that a runaway `dd` ends with ENOSPC and not with the machine
 * (Linux's tmpfs: half of RAM). There is no limit before. */
void filedata_set_limit(uint64_t pages);
uint64_t filedata_limit(void);
