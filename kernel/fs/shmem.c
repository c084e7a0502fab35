/* SPDX-License-Identifier: MIT */
/* shmem.c - a file without a name, a descriptor or a path: it lives as long as a region maps it, and so it is
 * the one thing that processes share after a fork. In /proc/<pid>/maps it goes by the name that Linux gives
 * it. */
#include <fs/shmem.h>

#include <fs/filedata.h>
#include <mm/commit.h>
#include <mm/kmem.h>
#include <string.h>

#include <asm-generic/errno.h>

#define SHMEM_DEVICE 1U /* 0:1, Linux's internal tmpfs */

struct shmem {
    struct filedata data;
    uint64_t size;     /* bytes */
    uint64_t promised; /* pages, counted in Committed_AS */
};

static struct kmem_cache shmem_cache = KMEM_CACHE("shmem", struct shmem);

static void shmem_name(struct pagesrc *, char *buffer, size_t size)
{
    strlcpy(buffer, "/dev/zero (deleted)", size);
}

static void shmem_release(struct pagesrc *source)
{
    struct shmem *shmem = CONTAINER_OF(source, struct shmem, data.source);

    commit_charge(-(int64_t)shmem->promised);
    filedata_free(&shmem->data);
    kmem_free(&shmem_cache, shmem);
}

static const struct pagesrc_ops shmem_ops = {
    .page = filedata_page,
    .resident = filedata_resident,
    .name = shmem_name,
    .release = shmem_release,
};

int shmem_create(uint64_t pages, bool promise, struct pagesrc **source)
{
    static uint64_t last_inode; /* atomic */

    if (pages > FILEDATA_SIZE_MAX >> PAGE_SHIFT || (promise && !commit_allows(pages, 0)))
        return -ENOMEM;
    struct shmem *shmem = kmem_zalloc(&shmem_cache);
    if (!shmem)
        return -ENOMEM;
    filedata_init(&shmem->data, &shmem_ops, PAGE_SHMEM, &shmem->size);
    shmem->size = pages << PAGE_SHIFT;
    shmem->promised = promise ? pages : 0;
    commit_charge((int64_t)shmem->promised);
    shmem->data.source.device = SHMEM_DEVICE;
    shmem->data.source.inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED);
    shmem->data.source.anonymous_shared = true;
    *source = &shmem->data.source;
    return 0;
}
