/* SPDX-License-Identifier: MIT */
/* ramnode.h - what stands under a name of ramfs.c, by its kind: files, symbolic links, devices, named pipes; and directories as far as
 * they are nodes. What files contain is filedata.c's.
 *
 * A node is at most in one directory, so it carries its own name. A file that is unlinked while somebody has it open or mapped lives on
 * until the last of them lets go, and keeps as its name the path that it had, with " (deleted)" behind it. */
#pragma once

#include <fs/device.h>
#include <fs/filedata.h>
#include <fs/node.h>
#include <fs/pipe.h>
#include <list.h>
#include <sched/spinlock.h>

#include <linux/stat.h>

#define DELETED " (deleted)"

struct ramfs_node {
    struct node node;
    char *name;                /* kmalloc'ed; once it is in no directory: the path it had, or NULL */
    struct ramfs_node *parent; /* the directory that it is in; NULL: in none; the root: itself */
    LIST_ENTRY(ramfs_node) bucket;
    TAILQ_ENTRY(ramfs_node) link; /* in parent->entries */
    uint64_t number;              /* its position in listings of the parent */
    union {
        struct {
            TAILQ_HEAD(ramfs_entries, ramfs_node)
            entries;
            uint64_t next_number;
            struct ramfs_node *hint; /* where a listing may go on; NULL: unknown */
        };
        struct filedata data;
        char *target;                /* a symbolic link's text */
        struct ramfs_node *original; /* what a hard link stands for */
        const struct device *device;
        struct pipe *pipe; /* of a named pipe while it is open */
    };
};

/* Guards names, links between nodes and link counts. */
extern struct spinlock ramfs_lock;

static inline struct ramfs_node *ramfs_of(struct node *node)
{
    return CONTAINER_OF(node, struct ramfs_node, node);
}

static inline bool is_directory(const struct ramfs_node *ramfs)
{
    return node_is(&ramfs->node, S_IFDIR);
}

/* Each with one reference and no name. => NULL when memory is short. */
struct ramfs_node *ramnode_alloc(uint32_t mode, const struct node_ops *ops);
struct ramfs_node *ramnode_file(uint32_t mode);
struct ramfs_node *ramnode_link(const char *target);
struct ramfs_node *ramnode_device(const struct device *device);
struct ramfs_node *ramnode_pipe(uint32_t mode); /* sockets too: a name only, file_open_node() refuses it */
/* A file without a name but with one to show, that of a removed one. */
struct ramfs_node *ramnode_nameless(uint32_t mode, const char *shown);
/* In the file system of `directory`, where it could get a name: "/tmp/#12 (deleted)". */
struct ramfs_node *ramnode_temporary(struct node *directory, uint32_t mode);
void ramnode_free(struct ramfs_node *ramfs);
/* A copy of it. => kmalloc'ed; NULL: memory is short. */
char *ramnode_text(const char *text);

/* node_ops.name of all kinds. */
ssize_t ramnode_name(struct node *node, char *buffer, size_t size, struct node **directory);
/* It is a file that somebody maps. */
bool ramnode_is_mapped(const struct ramfs_node *ramfs);
/* => NULL, or what is wrong with what it contains. */
const char *ramnode_check(const struct ramfs_node *ramfs);
