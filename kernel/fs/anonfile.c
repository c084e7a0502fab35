/* SPDX-License-Identifier: MIT */
/* anonfile.c - see anonfile.h. Each such file has a node, because fstat, /proc and locks want one. The node gives its one
 * open file what makes it what it is, and gives it once: opening /proc/<pid>/fd/N of it is -ENXIO, as on Linux. */
#include <fs/anonfile.h>

#include <lib/log.h>
#include <mm/kmem.h>

#include <asm-generic/errno.h>

#define ANON_DEVICE 9U /* st_dev of them all, a number of its own */

struct anon_node {
    struct node node;
    const char *name;
    const struct file_ops *ops; /* until the file has it, then NULL */
    void *private;
};

static struct kmem_cache anon_cache = KMEM_CACHE("anon_node", struct anon_node);

static struct anon_node *anon_of(struct node *node)
{
    return CONTAINER_OF(node, struct anon_node, node);
}

static int anon_open(struct node *node, struct file *file)
{
    struct anon_node *anon = anon_of(node);

    file->ops = __atomic_exchange_n(&anon->ops, NULL, __ATOMIC_RELAXED);
    file->private = anon->private;
    return 0;
}

static ssize_t anon_name(struct node *node, char *buffer, size_t size, struct node **directory)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int length = format_text(buffer, size, anon_of(node)->name, node->inode);
#pragma GCC diagnostic pop

    *directory = NULL;
    return (size_t)length < size ? length : -ENAMETOOLONG;
}

static void anon_release(struct node *node)
{
    kmem_free(&anon_cache, anon_of(node));
}

static const struct node_ops anon_ops = {.open = anon_open, .name = anon_name, .release = anon_release};

int anonfile_create(const char *name, uint32_t mode, const struct file_ops *ops, void *private,
                    uint32_t flags, struct file **file)
{
    static uint64_t last_inode; /* atomic */

    struct anon_node *anon = kmem_zalloc(&anon_cache);
    if (!anon)
        return -ENOMEM;
    *anon = (struct anon_node){
        .node =
            {
                .ops = &anon_ops,
                .refs = 1,
                .device = ANON_DEVICE,
                .inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED),
                .links = 1,
            },
        .name = name,
        .ops = ops,
        .private = private,
    };
    int error = file_open_node(&anon->node, flags, file);
    anon->node.mode = mode; /* only now: a socket's node cannot be opened */
    node_put(&anon->node);
    return error;
}
