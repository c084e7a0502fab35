/* SPDX-License-Identifier: MIT */
/* anonfile.c - see anonfile.h. Each such file has a node, because fstat, /proc and locks want one. Unless it is a pipe's the node gives
 * its one open file what makes it what it is, and gives it once: opening /proc/<pid>/fd/N of it is -ENXIO, as on Linux. */
#include <fs/anonfile.h>

#include <lib/log.h>
#include <mm/kmem.h>

#include <asm-generic/errno.h>

#define ANON_DEVICE 9U /* st_dev of them all, a number of its own */


static struct kmem_cache anon_cache = KMEM_CACHE("anon_node", struct anon_node);


static int anon_open(struct node *node, struct file *file)
{
    struct anon_node *anon = anon_of(node);

    file->ops = __atomic_exchange_n(&anon->ops, NULL, __ATOMIC_RELAXED);
    file->private = anon->private;
    return 0;
}

ssize_t anon_name(struct node *node, char *buffer, size_t size, struct node **directory)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int length = format_text(buffer, size, anon_of(node)->name, node->inode);
#pragma GCC diagnostic pop

    *directory = NULL;
    return (size_t)length < size ? length : -ENAMETOOLONG;
}

void anon_release(struct node *node)
{
    kmem_free(&anon_cache, anon_of(node));
}

struct anon_node *anon_node_make(const struct node_ops *ops, const char *name, uint32_t mode, uint32_t device)
{
    static uint64_t last_inode; /* atomic */

    struct anon_node *anon = kmem_alloc(&anon_cache);
    if (!anon)
        return NULL;
    *anon = (struct anon_node){
        .node =
            {
                .ops = ops,
                .refs = 1,
                .mode = mode,
                .device = device,
                .inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED),
                .links = 1,
            },
        .name = name,
    };
    return anon;
}

static const struct node_ops anon_ops = {.open = anon_open, .name = anon_name, .release = anon_release};

int anonfile_create(const char *name, uint32_t mode, const struct file_ops *ops, void *private,
                    uint32_t flags, struct file **file)
{
    struct anon_node *anon = anon_node_make(&anon_ops, name, 0, ANON_DEVICE);
    if (!anon)
        return -ENOMEM;
    anon->ops = ops;
    anon->private = private;
    int error = file_open_node(&anon->node, flags, file);
    anon->node.mode = mode; /* only now: a socket's node cannot be opened */
    node_put(&anon->node);
    return error;
}
