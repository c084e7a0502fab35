/* SPDX-License-Identifier: MIT */
/* file.h - open files (what a descriptor names: a node, a position, flags) and tables of descriptors. */
#pragma once

#include <fs/io.h>
#include <fs/node.h>
#include <sched/spinlock.h>
#include <types.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

struct file_ops {
    /* Reads at *position and advances it. => bytes (0: end of file), -errno; -EINTR when a signal came before
     * the first byte. */
    ssize_t (*read)(struct file *file, struct io *io, uint64_t *position);
    ssize_t (*write)(struct file *file, struct io *io, uint64_t *position);
    int64_t (*ioctl)(struct file *file, uint64_t request, vaddr_t argument); /* NULL: -ENOTTY */
    uint32_t (*poll)(struct file *file); /* POLL bits now. NULL: always ready */
    /* A number that grows with all that arrives and leaves, for edges (epoll.c). NULL: what poll() says will do. */
    uint64_t (*progress)(struct file *file);
    void (*release)(struct file *file); /* the last reference is gone. NULL: nothing */
    bool stream;                        /* no position: lseek, pread, pwrite answer -ESPIPE */
    bool no_seek;                       /* lseek answers 0 and does nothing (/dev/null and its like) */
};

struct file {
    const struct file_ops *ops;
    struct node *node; /* a reference; never NULL */
    uint32_t refs;     /* atomic */
    uint32_t flags;    /* O_ flags of open: access mode, O_APPEND, O_NONBLOCK, ... */
    uint64_t position; /* guarded by: lock of the process's table is not needed, reads race as POSIX allows */
    void *private;     /* of ops */
    bool is_writer;    /* counts in node->writers: those do that a path was opened for */
    LIST_HEAD(file_watchers, epoll_item)
    watchers; /* the sets that it is in; guarded by: epoll.c */
};

/* A file goes that is in a set. For epoll.c. */
extern void (*file_watched_hook)(struct file *file);

/* A new open file on the node (takes a reference to it), as open(2) does after the path is resolved. =>
 * -EISDIR, -EACCES, -ENXIO, -ENOMEM, ... */
int file_open_node(struct node *node, uint32_t flags, struct file **file);
void file_release(struct file *file); /* the last reference is gone */

/* => true: it was the last reference, file_release() is due. */
static inline bool file_drop(struct file *file)
{
    return unlikely(__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL) == 0);
}

static inline void file_put(struct file *file)
{
    if (file_drop(file))
        file_release(file);
}

static inline void file_held_end(struct file *const *file)
{
    if (*file)
        file_put(*file);
}

/* A reference that is let go of at the end of the block: `struct file *file FILE_HELD = fdtable_get(files, fd);`. NULL is allowed. */
#define FILE_HELD __attribute__((cleanup(file_held_end)))

static inline struct file *file_get(struct file *file)
{
    __atomic_add_fetch(&file->refs, 1, __ATOMIC_RELAXED);
    return file;
}

/* Why a file whose ops cannot read, or write, refuses. O_PATH has none that can. => -EBADF, -EISDIR, -EINVAL */
int file_unreadable(const struct file *file);
int file_unwritable(const struct file *file);
/* Reads or writes whole at the file's own position (position == NULL) or at *position. Checks the access mode
 * (-EBADF). */
inline ssize_t file_read(struct file *file, struct io *io, uint64_t *position)
{
    if (unlikely((file->flags & O_ACCMODE) == O_WRONLY))
        return -EBADF;
    if (unlikely(!file->ops->read))
        return file_unreadable(file);
    if (unlikely(position && file->ops->stream))
        return -ESPIPE;
    io->at_once |= (file->flags & O_NONBLOCK) != 0;
    return file->ops->read(file, io, position ? position : &file->position);
}

inline ssize_t file_write(struct file *file, struct io *io, uint64_t *position)
{
    if (unlikely((file->flags & O_ACCMODE) == O_RDONLY))
        return -EBADF;
    if (unlikely(!file->ops->write))
        return file_unwritable(file);
    if (unlikely(position && file->ops->stream))
        return -ESPIPE;
    io->at_once |= (file->flags & O_NONBLOCK) != 0;
    return file->ops->write(file, io, position ? position : &file->position);
}

int64_t file_seek(struct file *file, int64_t offset, int whence);
/* getdents64 into user memory. => bytes, 0 at the end, -EINVAL (buffer too small), -ENOTDIR, -EFAULT. */
ssize_t file_list(struct file *file, vaddr_t buffer, size_t size);

#define FD_MAX 1024  /* RLIMIT_NOFILE's default soft limit on Linux */
#define FD_INLINE 32 /* descriptors that a table has room for from the start */

/* In `refs`, for ever, once a process that has the table has a second thread: so one word says that nobody else uses it. */
#define FDTABLE_THREADED (1U << 31)

struct fdtable {
    uint32_t refs;              /* atomic; with FDTABLE_THREADED */
    struct spinlock lock;       /* guards all below */
    uint32_t size;              /* slots in `files`; grows to FD_MAX */
    uint32_t limit;             /* RLIMIT_NOFILE: no new descriptor from here on; at most FD_MAX */
    uint32_t room;              /* the smaller of the two */
    uint32_t free_word;         /* no word of `used` below this one has a free bit */
    struct file **files;        /* points to `first` until it grows; NULL: free */
    uint64_t used[FD_MAX / 64]; /* bit set: the slot is taken */
    uint64_t close_on_exec[FD_MAX / 64];
    struct file *first[FD_INLINE];
};

struct fdtable *fdtable_create(void);
struct fdtable *fdtable_fork(struct fdtable *from); /* a copy whose files are shared */
void fdtable_put(struct fdtable *table);
/* Instead of a table that other processes have, too (CLONE_FILES), a copy. => 0, -ENOMEM */
int fdtable_unshare(struct fdtable **table);
/* Puts `file` (its reference is taken over) into the lowest free slot. => the descriptor, -EMFILE, -ENOMEM (the
 * reference stays the caller's). */
int fdtable_install(struct fdtable *table, struct file *file, bool close_on_exec);
/* A second descriptor >= from (below FD_MAX) for the file behind `fd`. => the descriptor, -EBADF, -EMFILE, -ENOMEM. */
int fdtable_duplicate(struct fdtable *table, int fd, uint32_t from, bool close_on_exec);
/* The same for from == 0, not closed by execve: dup(2). */
int64_t fdtable_dup(struct fdtable *table, int fd);
/* Puts it into exactly `fd`, closing what was there. => fd, -EBADF (beyond FD_MAX), -ENOMEM (the reference
 * stays the caller's). */
int fdtable_replace(struct fdtable *table, int fd, struct file *file, bool close_on_exec);
struct file *fdtable_get(struct fdtable *table, int fd); /* referenced; NULL: -EBADF */
/* Not those that only say where they are (O_PATH): what most calls want. */
struct file *fdtable_get_open(struct fdtable *table, int fd);
/* The same for the length of one system call, without the reference where nobody else could close the descriptor
 * meanwhile: the table is not shared, and only its one thread changes that. */
struct file_use {
    struct file *file; /* NULL: -EBADF */
    bool referenced;
};

static inline struct file_use fdtable_use(struct fdtable *table, int fd)
{
    if (unlikely(__atomic_load_n(&table->refs, __ATOMIC_RELAXED) > 1))
        return (struct file_use){fdtable_get(table, fd), true};
    return (struct file_use){likely((uint32_t)fd < table->size) ? table->files[(uint32_t)fd] : NULL, false};
}

static inline void file_done(struct file_use use)
{
    if (unlikely(use.referenced))
        file_put(use.file);
}

void fdtable_set_limit(struct fdtable *table, uint32_t limit);
/* Is a number below the limit free? => 0, -EMFILE. */
int fdtable_room(struct fdtable *table);
int64_t fdtable_close(struct fdtable *table, int fd); /* => 0, -EBADF */
void fdtable_close_on_exec(struct fdtable *table);
bool fdtable_get_cloexec(struct fdtable *table, int fd);
void fdtable_set_cloexec(struct fdtable *table, int fd, bool on);
/* The first used descriptor >= from, or -1: for /proc/<pid>/fd. */
int fdtable_next(struct fdtable *table, int from);
