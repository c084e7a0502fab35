/* SPDX-License-Identifier: MIT */
/* anonfile.h - open files that no path leads to: event counters, epolls, sockets; and the nodes of such, pipes too. */
#pragma once

#include <fs/file.h>

struct anon_node {
    struct node node;
    const char *name;           /* what /proc/<pid>/fd shows; a %lu in it becomes the inode */
    const struct file_ops *ops; /* until the one open file has it, then NULL */
    void *private;
};

static inline struct anon_node *anon_of(struct node *node)
{
    return CONTAINER_OF(node, struct anon_node, node);
}

/* The rest is zero. => referenced; NULL when memory is short. */
struct anon_node *anon_node_make(const struct node_ops *ops, const char *name, uint32_t mode,
                                 uint32_t device);
/* For node_ops. */
ssize_t anon_name(struct node *node, char *buffer, size_t size, struct node **directory);
void anon_release(struct node *node);

/* mode: of its own node, which nobody can open again. flags: O_NONBLOCK and the access mode. => 0; -ENOMEM: `private` stays the
 * caller's. */
int anonfile_create(const char *name, uint32_t mode, const struct file_ops *ops, void *private,
                    uint32_t flags, struct file **file);
