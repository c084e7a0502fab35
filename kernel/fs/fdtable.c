/* SPDX-License-Identifier: MIT */
/* fdtable.c - descriptors: small numbers for open files, always the lowest that is free.
 *
 * A bitmap says which numbers are taken, and the first of its words that may have a free one is remembered:
 * so the lowest free number is nearly always found at the first look, however many are open. The first
 * FD_INLINE slots are part of the table: most processes never allocate more.
 *
 * Guarded by: table->lock. No file is put with it held, because the last reference may have much to do. */
#include <fs/file.h>

#include <fs/lock.h>
#include <mm/kmem.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

#define WORD_BITS 64U
#define WORDS (FD_MAX / WORD_BITS)
#define BIT(fd) (1UL << ((fd) % WORD_BITS))

static struct kmem_cache fdtable_cache = KMEM_CACHE("fdtable", struct fdtable);

struct fdtable *fdtable_create(void)
{
    struct fdtable *table = kmem_zalloc(&fdtable_cache);
    if (!table)
        return NULL;
    table->refs = 1;
    table->size = FD_INLINE;
    table->limit = FD_MAX;
    table->room = FD_INLINE;
    table->files = table->first;
    return table;
}

/* Room for `fd` at least. => false when memory is short. Lock held. */
static bool grow(struct fdtable *table, uint32_t fd)
{
    uint32_t size = table->size;

    while (size <= fd)
        size *= 4;
    size = MIN(size, FD_MAX);
    struct file **files = kzalloc(size * sizeof(*files));
    if (!files)
        return false;
    memcpy(files, table->files, table->size * sizeof(*files));
    if (table->files != table->first)
        kfree(table->files);
    table->files = files;
    table->size = size;
    table->room = MIN(size, table->limit);
    return true;
}

struct fdtable *fdtable_fork(struct fdtable *from)
{
    struct fdtable *table = fdtable_create();
    if (!table)
        return NULL;

    SPIN_GUARD(&from->lock);
    if (from->size > table->size && !grow(table, from->size - 1)) {
        fdtable_put(table);
        return NULL;
    }
    table->free_word = from->free_word;
    table->limit = from->limit;
    table->room = MIN(table->size, table->limit);
    for (uint32_t word = 0; word < from->size / WORD_BITS + 1 && word < WORDS; word++) {
        table->close_on_exec[word] = from->close_on_exec[word];
        table->used[word] = from->used[word];
        for (uint64_t bits = from->used[word]; bits; bits &= bits - 1) {
            uint32_t fd = word * WORD_BITS + (uint32_t)__builtin_ctzl(bits);
            table->files[fd] = file_get(from->files[fd]);
        }
    }
    return table;
}

/* A process that closes any of its descriptors for a file loses all its record locks there (fcntl(2)). */
static inline void let_go(struct fdtable *table, struct file *file)
{
    lock_drop(file->node, table);
    file_put(file);
}

void fdtable_put(struct fdtable *table)
{
    if ((__atomic_sub_fetch(&table->refs, 1, __ATOMIC_ACQ_REL) & ~FDTABLE_THREADED) > 0)
        return;
    for (uint32_t word = 0; word < WORDS; word++) {
        for (uint64_t bits = table->used[word]; bits; bits &= bits - 1)
            let_go(table, table->files[word * WORD_BITS + (uint32_t)__builtin_ctzl(bits)]);
    }
    if (table->files != table->first)
        kfree(table->files);
    kmem_free(&fdtable_cache, table);
}

int fdtable_unshare(struct fdtable **table)
{
    struct fdtable *before = *table, *own = NULL;

    if ((before->refs & ~FDTABLE_THREADED) == 1)
        return 0;
    own = fdtable_fork(before);
    if (!own)
        return -ENOMEM;
    *table = own;
    fdtable_put(before);
    return 0;
}

/* The lowest free number >= from, FD_MAX if there is none. Lock held. */
static uint32_t lowest_free(struct fdtable *table, uint32_t from)
{
    uint32_t word = MAX(from / WORD_BITS, table->free_word);
    uint64_t skip = word == from / WORD_BITS ? BIT(from) - 1 : 0; /* numbers below `from` count as taken */

    for (; word < WORDS; word++, skip = 0) {
        uint64_t free = ~(table->used[word] | skip);
        if (likely(free)) {
            if (from == 0)
                table->free_word = word;
            return word * WORD_BITS + (uint32_t)__builtin_ctzl(free);
        }
    }
    return FD_MAX;
}

/* Lock held; fd < table->size. */
static inline void occupy(struct fdtable *table, uint32_t fd, struct file *file, bool close_on_exec)
{
    table->files[fd] = file;
    table->used[fd / WORD_BITS] |= BIT(fd);
    if (unlikely(close_on_exec))
        table->close_on_exec[fd / WORD_BITS] |= BIT(fd);
}

/* => the descriptor, -EMFILE, -ENOMEM. Lock held. */
static int install(struct fdtable *table, struct file *file, uint32_t from, bool close_on_exec)
{
    uint32_t fd = lowest_free(table, from);

    if (unlikely(fd >= table->room)) {
        if (fd >= table->limit)
            return -EMFILE;
        if (fd >= table->size && !grow(table, fd))
            return -ENOMEM;
    }
    occupy(table, fd, file, close_on_exec);
    return (int)fd;
}

/* Lock held. */
static inline struct file *lookup(const struct fdtable *table, int fd)
{
    return likely((uint32_t)fd < table->size) ? table->files[(uint32_t)fd] : NULL;
}

int fdtable_install(struct fdtable *table, struct file *file, bool close_on_exec)
{
    SPIN_GUARD(&table->lock);
    return install(table, file, 0, close_on_exec);
}

int fdtable_duplicate(struct fdtable *table, int fd, uint32_t from, bool close_on_exec)
{
    SPIN_GUARD(&table->lock);
    struct file *file = lookup(table, fd);
    int result = file ? install(table, file, from, close_on_exec) : -EBADF;
    if (likely(result >= 0))
        file_get(file);
    return result;
}

/* Lock held, and let go. */
static NOINLINE int64_t dup_slowly(struct fdtable *table, struct file *file)
{
    int64_t result = file ? install(table, file, 0, false) : -EBADF;

    if (result >= 0)
        file_get(file);
    spin_unlock(&table->lock);
    return result;
}

/* The common case, and what it must look at to know that it is: the first word that can have a free number has one, and room for it. */
int64_t fdtable_dup(struct fdtable *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = lookup(table, fd);
    uint32_t word = table->free_word;
    uint64_t used = table->used[word];
    if (unlikely(!file || used == UINT64_MAX))
        return dup_slowly(table, file);
    uint32_t lowest = word * WORD_BITS + (uint32_t)__builtin_ctzl(~used);
    if (unlikely(lowest >= table->room))
        return dup_slowly(table, file);
    table->files[lowest] = file;
    table->used[word] = used | (used + 1); /* the lowest bit that was clear */
    file_get(file);
    spin_unlock(&table->lock);
    return lowest;
}

int fdtable_replace(struct fdtable *table, int fd, struct file *file, bool close_on_exec)
{
    if (fd < 0 || (uint32_t)fd >= table->limit)
        return -EBADF;

    spin_lock(&table->lock);
    if ((uint32_t)fd >= table->size && !grow(table, (uint32_t)fd)) {
        spin_unlock(&table->lock);
        return -ENOMEM;
    }
    struct file *old = table->files[fd];
    table->close_on_exec[fd / WORD_BITS] &= ~BIT(fd);
    occupy(table, (uint32_t)fd, file, close_on_exec);
    spin_unlock(&table->lock);
    if (old)
        let_go(table, old);
    return fd;
}

struct file *fdtable_get(struct fdtable *table, int fd)
{
    SPIN_GUARD(&table->lock);
    struct file *file = lookup(table, fd);
    return likely(file) ? file_get(file) : NULL;
}

struct file *fdtable_get_open(struct fdtable *table, int fd)
{
    struct file *file = fdtable_get(table, fd);

    if (likely(!file || !(file->flags & O_PATH)))
        return file;
    file_put(file);
    return NULL;
}

void fdtable_set_limit(struct fdtable *table, uint32_t limit)
{
    SPIN_GUARD(&table->lock);
    table->limit = limit;
    table->room = MIN(table->size, limit);
}

int fdtable_room(struct fdtable *table)
{
    SPIN_GUARD(&table->lock);
    return lowest_free(table, 0) < table->limit ? 0 : -EMFILE;
}

/* Either of the two may still have much to do. */
static NOINLINE int64_t close_slowly(const struct fdtable *table, struct file *file, bool last)
{
    lock_drop(file->node, table);
    if (last || file_drop(file))
        file_release(file);
    return 0;
}

int64_t fdtable_close(struct fdtable *table, int fd)
{
    spin_lock(&table->lock);
    struct file *file = lookup(table, fd);
    if (unlikely(!file)) {
        spin_unlock(&table->lock);
        return -EBADF;
    }
    uint32_t word = (uint32_t)fd / WORD_BITS;
    table->files[(uint32_t)fd] = NULL;
    table->used[word] &= ~BIT(fd);
    table->close_on_exec[word] &= ~BIT(fd);
    if (unlikely(word < table->free_word))
        table->free_word = word;
    spin_unlock(&table->lock);
    if (unlikely(lock_any(file->node)))
        return close_slowly(table, file, false);
    return file_drop(file) ? close_slowly(table, file, true) : 0;
}

void fdtable_close_on_exec(struct fdtable *table)
{
    for (uint32_t word = 0; word < WORDS; word++) {
        for (uint64_t bits = table->close_on_exec[word] & table->used[word]; bits; bits &= bits - 1)
            fdtable_close(table, (int)(word * WORD_BITS + (uint32_t)__builtin_ctzl(bits)));
    }
}

bool fdtable_get_cloexec(struct fdtable *table, int fd)
{
    return fd >= 0 && fd < FD_MAX && (table->close_on_exec[fd / WORD_BITS] & BIT(fd));
}

void fdtable_set_cloexec(struct fdtable *table, int fd, bool on)
{
    SPIN_GUARD(&table->lock);
    if (lookup(table, fd) && on)
        table->close_on_exec[fd / WORD_BITS] |= BIT(fd);
    else if (lookup(table, fd))
        table->close_on_exec[fd / WORD_BITS] &= ~BIT(fd);
}

int fdtable_next(struct fdtable *table, int from)
{
    for (int fd = MAX(from, 0); fd < FD_MAX; fd++) {
        if (table->used[fd / WORD_BITS] & BIT(fd))
            return fd;
    }
    return -1;
}
