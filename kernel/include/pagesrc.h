/* SPDX-License-Identifier: MIT */
/* pagesrc.h - a file gives pages: the interface between regions (mm/) and whatever stores files (fs/).
 *
 * Declared low, filled high: mm/filemap.c calls these functions and knows no file system.
 * A page source is embedded in its owner (a file's node); `refs` keeps that owner alive while a region maps it. */
#pragma once

#include <types.h>

struct page;
struct pagesrc;

struct pagesrc_ops {
    /* The frame that holds page `index` of the file, from the page cache or fresh; a reference is taken for the caller.
     * => 0; -EIO beyond the end of the file (Linux: SIGBUS); -ENOMEM. */
    int (*page)(struct pagesrc *source, uint64_t index, struct page **page);
    /* The frame of page `index` if it is in memory now, without a reference; NULL if not. For mincore. */
    struct page *(*resident)(struct pagesrc *source, uint64_t index);
    /* The name for /proc/<pid>/maps, always NUL-terminated. */
    void (*name)(struct pagesrc *source, char *buffer, size_t size);
    /* The last reference is gone. */
    void (*release)(struct pagesrc *source);
};

struct pagesrc {
    const struct pagesrc_ops *ops;
    uint32_t refs;   /* guarded by: atomic */
    uint32_t device; /* major << 8 | minor, as /proc/<pid>/maps shows them */
    uint64_t inode;
    uint32_t trace_number; /* by which the event stream knows it; 0: it does not yet */
    bool anonymous_shared; /* the pages of MAP_SHARED|MAP_ANONYMOUS: counted as RssShmem, not RssFile */
};

/* NULL is no source, and stays that. */
static inline struct pagesrc *pagesrc_get(struct pagesrc *source)
{
    if (source)
        __atomic_add_fetch(&source->refs, 1, __ATOMIC_RELAXED);
    return source;
}

static inline void pagesrc_put(struct pagesrc *source)
{
    if (source && __atomic_sub_fetch(&source->refs, 1, __ATOMIC_ACQ_REL) == 0)
        source->ops->release(source);
}
