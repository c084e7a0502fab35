/* SPDX-License-Identifier: MIT */
/* entry.h - an entry of /proc or /sys: what it is called, what it is, and the node that a path to it leads to. */
#pragma once

#include <fs/node.h>
#include <procfs/text.h>
#include <types.h>

struct process;

#define PROC_DEVICE 4 /* st_dev 0:4: some number that no other file system here has */
#define SYS_DEVICE 5

struct proc_node;
/* Writes a text, or sets text->error. */
typedef void proc_text(struct proctext *text);
#define PROC_SET_MAX 23 /* more digits than a number has */
/* Takes what was written: `size` bytes, of which PROC_SET_MAX stand in `text`, NUL-terminated. => bytes taken, -errno. */
typedef ssize_t proc_set(const struct proc_node *node, char *text, size_t size);
/* => the node that a link leads to, referenced; NULL: there is none (any more). */
typedef struct node *proc_target(const struct proc_node *link, struct process *process);

struct proc_entry;
struct proc_table {
    const struct proc_entry *entries;
    size_t count;
};

struct proc_entry {
    const char *name; /* NULL: its number is its name (/proc/7, /proc/7/fd/3) */
    uint32_t mode;
    const struct node_ops *ops;
    union {
        proc_text *text;                /* of &proc_text_ops */
        proc_target *target;            /* of &proc_link_ops */
        const struct proc_table *table; /* of &proc_directory_ops */
    };
    proc_set *set;               /* of &proc_text_ops; NULL: it can only be read */
    const struct sysctl *sysctl; /* of sysctl.c */
};

#define PROC_TABLE(of) static const struct proc_table of##_table = {of, ARRAY_SIZE(of)}

/* Made when a path is walked, gone when nobody uses it. It names a process by pid and birth: another process that gets
 * the same pid later is not taken for it. */
struct proc_node {
    struct node node;
    const struct proc_entry *entry;
    int pid; /* 0: not about a process */
    int tid; /* 0: not about one thread; below task/ it is inherited */
    uint64_t born_ns;
    int number;             /* pid or descriptor, for an entry without a name */
    struct node *directory; /* a reference; NULL: the root */
};

extern const struct node_ops proc_text_ops, proc_directory_ops;
extern int64_t proc_boot_time; /* seconds since 1970 at clock_now() == 0; set by procfs_init() */

/* Fills the root of a file system and mounts it; the directory must be there. => 0, -errno. */
int proc_mount(const char *directory, struct proc_node *root, const struct proc_entry *entry,
               uint32_t device);
/* => a node with one reference; NULL when memory is short. process may be NULL. */
struct node *proc_node_make(struct node *directory, const struct proc_entry *entry, struct process *process,
                            int number);
/* The entry of that name among `count`, as a node. => 0, -ENOENT, -ENOMEM. */
int proc_lookup_in(const struct proc_entry *entries, size_t count, struct node *directory,
                   struct process *process, const char *name, struct node **found);
/* The entry at that position, for node_ops.list. => 1; 0: there are only `count`. */
int proc_list_in(const struct proc_entry *entries, size_t count, const struct node *directory,
                 uint64_t position, struct node_entry *entry);
/* Its process; NULL: it is gone. */
struct process *proc_node_process(const struct node *node);
/* "17" => 17; -1 if the name is no plain number. */
int proc_number(const char *name);
/* The inode number of an entry; numbers are unique within a directory. */
uint64_t proc_inode(const struct node *directory, const struct proc_entry *entry, int number);

static inline struct proc_node *proc_node(const struct node *node)
{
    return CONTAINER_OF(node, struct proc_node, node);
}

/* Every node_ops of /proc has these two. */
ssize_t proc_name(struct node *node, char *buffer, size_t size, struct node **directory);
void proc_release(struct node *node);
