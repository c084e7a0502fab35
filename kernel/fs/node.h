/* SPDX-License-Identifier: MIT */
/* node.h - what a path leads to: directory, regular file, device, symbolic link, /proc entry. The same for
 * all file systems. */
#pragma once

#include <list.h>
#include <pagesrc.h>
#include <types.h>

struct file;
struct lock; /* lock.h */
struct node;

#define NAME_LENGTH_MAX 255
#define PATH_LENGTH_MAX 4096

struct node_entry { /* one entry of a directory listing */
    char name[NAME_LENGTH_MAX + 1];
    uint64_t inode;
    uint32_t mode; /* S_IF bits */
    uint64_t next; /* position of the entry after this one; position + 1 unless list() says otherwise */
};

struct node_ops {
    /* Directory: finds `name` (never "." or ".."; NUL-terminated). => a referenced node; -ENOENT, -ENOMEM. */
    int (*lookup)(struct node *directory, const char *name, struct node **found);
    /* Directory: the entry at `position` (0-based, "." and ".." are added by the caller). => 1: *entry
     * filled; 0: no more; -errno. */
    int (*list)(struct node *directory, uint64_t position, struct node_entry *entry);
    /* Directory: makes an entry. mode has S_IFREG, S_IFDIR, S_IFLNK (target: the link's text). name NULL: a regular
     * file in its file system, but in no directory (O_TMPFILE). => -EEXIST, -ENOSPC, -ENOMEM. NULL: -ENOENT. */
    int (*create)(struct node *directory, const char *name, uint32_t mode, const char *target,
                  struct node **made);
    int (*unlink)(struct node *directory, const char *name, bool want_directory);
    /* A second name for a node of the same file system that is no directory. NULL: -EPERM. */
    int (*link)(struct node *directory, const char *name, struct node *target);
    int (*rename)(struct node *from, const char *old_name, struct node *to, const char *new_name);
    /* Symbolic link: its text into buffer, NUL-terminated. => length, -errno. */
    ssize_t (*readlink)(struct node *node, char *buffer, size_t size);
    /* Symbolic link that leads to a node whatever its text says (/proc/<pid>/fd/N). => 0: *target referenced.
     * NULL: by text. */
    int (*follow)(struct node *node, struct node **target);
    /* A file is being opened: may set file->ops and file->private. NULL: nothing to do. => 0, -errno. */
    int (*open)(struct node *node, struct file *file);
    int (*truncate)(struct node *node, uint64_t size);
    /* Bytes of memory that it takes. NULL: 0. */
    uint64_t (*allocated)(struct node *node);
    /* Brings node->size and the like up to date before a stat. NULL: they always are. */
    void (*refresh)(struct node *node);
    /* The node's name, NUL-terminated, and the directory that it is in (referenced); *directory NULL: the
     * name is all that there is to say ("pipe:[7]", "/tmp/x (deleted)"). => length, -errno. NULL: a directory
     * is sought in its parent's list. */
    ssize_t (*name)(struct node *node, char *buffer, size_t size, struct node **directory);
    /* The last reference is gone. */
    void (*release)(struct node *node);
    /* What open() gives unless ops->open sets something else; a directory has none. */
    const struct file_ops *file_ops;
};

struct node {
    const struct node_ops *ops;
    uint32_t refs;   /* atomic */
    uint32_t mode;   /* S_IFMT | permissions */
    uint32_t device; /* st_dev: major << 8 | minor */
    uint32_t rdev;   /* of device nodes */
    uint64_t inode;
    uint64_t size; /* bytes */
    uint32_t links;
    uint32_t uid, gid;
    int64_t accessed, modified, changed; /* nanoseconds since 1970; reads do not move `accessed` (noatime) */
    bool fixed;                          /* its attributes are what they are: /proc */
    bool linkable;                       /* it never had a name and may get one: O_TMPFILE */
    bool sealable;                       /* made by memfd_create */
    uint32_t seals;                      /* F_SEAL_: what nobody may do to it any more */
    int32_t writers;        /* open files that may write to it; below 0: programs that it runs as. Atomic */
    struct pagesrc *source; /* what mmap maps; NULL: cannot be mapped (ENODEV) */
    LIST_HEAD(node_locks, lock)
    locks;                /* who keeps others out of it; guarded by: lock.c */
    struct node *mounted; /* a directory that is covered by the root of another file system (a reference) */
    struct node *
        parent; /* of directories; a root: itself. A reference only of removed ones: others never outlive it */
};

static inline struct node *node_get(struct node *node)
{
    __atomic_add_fetch(&node->refs, 1, __ATOMIC_RELAXED);
    return node;
}

void node_put(struct node *node); /* NULL is allowed */

static inline void node_held_end(struct node *const *node)
{
    node_put(*node);
}

/* A reference that is let go of at the end of the block, as FILE_HELD in file.h. */
#define NODE_HELD __attribute__((cleanup(node_held_end)))

/* A file is written to, or is a program that runs, and not both. => 0, -ETXTBSY */
int node_write_begin(struct node *node);
void node_write_end(struct node *node);
int node_run(struct node *node);
void node_run_put(struct node *node); /* with the reference; NULL is allowed */

/* As the name op, for nodes without one too. => length; -ENOENT: it has no name that could be found. */
ssize_t node_name(struct node *node, char *buffer, size_t size, struct node **directory);

/* What S_IS...() says of a node. */
static inline bool node_is(const struct node *node, uint32_t type)
{
    return (node->mode & 0170000) == type; /* S_IFMT of <linux/stat.h> */
}

/* Nanoseconds since 1970. */
int64_t node_now(void);
/* chmod: the permission bits. chown: UINT32_MAX leaves as it is. => 0, -EPERM. */
int node_set_mode(struct node *node, uint32_t mode);
int node_set_owner(struct node *node, uint32_t uid, uint32_t gid);
/* Makes a regular file `size` bytes long. => 0, -EISDIR, -EINVAL, the op's errors. */
int node_truncate(struct node *node, uint64_t size);
/* F_ADD_SEALS. => 0, -EINVAL, -EPERM, -EBUSY (somebody maps it so that he can write). */
int node_seal(struct node *node, uint32_t seals);

struct stat; /* <asm/stat.h> */
void node_stat(struct node *node, struct stat *stat);
