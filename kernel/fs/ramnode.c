/* SPDX-License-Identifier: MIT */
/* ramnode.c - see ramnode.h. */
#include <fs/ramnode.h>

#include <fs/path.h>
#include <lib/log.h>
#include <mm/kmem.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define RAMFS_DEVICE 2U /* st_dev 0:2, as Linux's root file system in memory has it */

struct spinlock ramfs_lock;
static struct kmem_cache ramfs_cache = KMEM_CACHE("ramfs_node", struct ramfs_node);
static uint64_t last_inode; /* atomic */

struct ramfs_node *ramnode_alloc(uint32_t mode, const struct node_ops *ops)
{
    struct ramfs_node *ramfs = kmem_zalloc(&ramfs_cache);
    int64_t now = node_now();
    if (!ramfs)
        return NULL;
    ramfs->node = (struct node){
        .ops = ops,
        .refs = 1,
        .mode = mode,
        .device = RAMFS_DEVICE,
        .inode = __atomic_add_fetch(&last_inode, 1, __ATOMIC_RELAXED),
        .links = 1,
        .accessed = now,
        .modified = now,
        .changed = now,
    };
    return ramfs;
}

void ramnode_free(struct ramfs_node *ramfs)
{
    kfree(ramfs->name);
    kmem_free(&ramfs_cache, ramfs);
}

char *ramnode_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = kmalloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

ssize_t ramnode_name(struct node *node, char *buffer, size_t size, struct node **directory)
{
    struct ramfs_node *ramfs = ramfs_of(node);

    SPIN_GUARD(&ramfs_lock);
    const char *name = ramfs->name ? ramfs->name : &DELETED[1];
    size_t length = strlcpy(buffer, name, size);
    *directory = NULL;
    if (length >= size)
        return -ENAMETOOLONG;
    if (ramfs->parent)
        *directory = node_get(&ramfs->parent->node);
    return (ssize_t)length;
}

static void release_plain(struct node *node)
{
    ramnode_free(ramfs_of(node));
}

/* ---- files ---- */

/* A mapping may outlive every other user of a file: the node goes with its page source. */
static void release_file(struct node *node)
{
    pagesrc_put(&ramfs_of(node)->data.source);
}

static void source_release(struct pagesrc *source)
{
    struct ramfs_node *ramfs = CONTAINER_OF(source, struct ramfs_node, data.source);

    filedata_free(&ramfs->data);
    ramnode_free(ramfs);
}

static ssize_t ramfs_read(struct file *file, struct io *io, uint64_t *position)
{
    return filedata_read(&ramfs_of(file->node)->data, io, position);
}

static ssize_t ramfs_write(struct file *file, struct io *io, uint64_t *position)
{
    if (io->left == 0)
        return 0;
    if (file->flags & O_APPEND)
        *position = file->node->size;
    if (file->node->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ||
        (file->node->seals & F_SEAL_GROW && *position + io->left > file->node->size))
        return -EPERM;
    file->node->modified = file->node->changed = node_now();
    return filedata_write(&ramfs_of(file->node)->data, io, position);
}

static int ramfs_truncate(struct node *node, uint64_t size)
{
    node->modified = node->changed = node_now();
    return filedata_resize(&ramfs_of(node)->data, size);
}

/* What /proc/<pid>/maps shows. A file that is in no directory may have a node without references: path_of()
 * is not for it. */
static void source_name(struct pagesrc *source, char *buffer, size_t size)
{
    struct ramfs_node *ramfs = CONTAINER_OF(source, struct ramfs_node, data.source);

    if (ramfs->parent) {
        if (path_of(&ramfs->node, buffer, size) < 0)
            strlcpy(buffer, "?", size);
        return;
    }
    strlcpy(buffer, ramfs->name ? ramfs->name : &DELETED[1], size);
}

static uint64_t ramfs_allocated(struct node *node)
{
    return ramfs_of(node)->data.pages.count * PAGE_SIZE;
}

static const struct file_ops file_file_ops = {.read = ramfs_read, .write = ramfs_write};

static const struct node_ops file_ops = {
    .truncate = ramfs_truncate,
    .allocated = ramfs_allocated,
    .name = ramnode_name,
    .release = release_file,
    .file_ops = &file_file_ops,
};

static const struct pagesrc_ops source_ops = {
    .page = filedata_page,
    .resident = filedata_resident,
    .name = source_name,
    .release = source_release,
};

struct ramfs_node *ramnode_file(uint32_t mode)
{
    struct ramfs_node *ramfs = ramnode_alloc(mode, &file_ops);
    if (!ramfs)
        return NULL;
    filedata_init(&ramfs->data, &source_ops, PAGE_FILE, &ramfs->node.size);
    ramfs->data.source.device = RAMFS_DEVICE;
    ramfs->data.source.inode = ramfs->node.inode;
    ramfs->node.source = &ramfs->data.source;
    return ramfs;
}

bool ramnode_is_mapped(const struct ramfs_node *ramfs)
{
    return ramfs->node.ops == &file_ops && ramfs->data.source.refs > 1;
}

struct ramfs_node *ramnode_nameless(uint32_t mode, const char *shown)
{
    struct ramfs_node *fresh = ramnode_file(mode);
    if (!fresh)
        return NULL;
    fresh->node.links = 0;
    fresh->name = ramnode_text(shown);
    return fresh;
}

struct ramfs_node *ramnode_temporary(struct node *directory, uint32_t mode)
{
    char *path = kmalloc(PATH_LENGTH_MAX + 32);
    struct ramfs_node *fresh = NULL;

    if (path && path_of(directory, path, PATH_LENGTH_MAX) > 0) {
        size_t length = strlen(path);
        format_text(path + length, 32, "/#%lu" DELETED, last_inode + 1);
        fresh = ramnode_nameless(mode, path);
    }
    kfree(path);
    return fresh;
}

/* ---- symbolic links, devices, named pipes ---- */

static void release_link(struct node *node)
{
    kfree(ramfs_of(node)->target);
    ramnode_free(ramfs_of(node));
}

static ssize_t ramfs_readlink(struct node *node, char *buffer, size_t size)
{
    if (node->size >= size)
        return -ENAMETOOLONG;
    memcpy(buffer, ramfs_of(node)->target, node->size + 1);
    return (ssize_t)node->size;
}

static const struct node_ops link_ops = {
    .readlink = ramfs_readlink,
    .name = ramnode_name,
    .release = release_link,
};

struct ramfs_node *ramnode_link(const char *target)
{
    struct ramfs_node *ramfs = ramnode_alloc(S_IFLNK | 0777, &link_ops);
    if (!ramfs)
        return NULL;
    ramfs->target = ramnode_text(target);
    if (!ramfs->target) {
        ramnode_free(ramfs);
        return NULL;
    }
    ramfs->node.size = strlen(target);
    return ramfs;
}

static int ramfs_open_device(struct node *node, struct file *file)
{
    const struct device *device = ramfs_of(node)->device;

    file->ops = device->ops;
    return device->open ? device->open(node, file) : 0;
}

static const struct node_ops device_ops = {
    .open = ramfs_open_device,
    .name = ramnode_name,
    .release = release_plain,
};

struct ramfs_node *ramnode_device(const struct device *device)
{
    struct ramfs_node *ramfs = ramnode_alloc(device->mode, &device_ops);
    if (!ramfs)
        return NULL;
    ramfs->device = device;
    ramfs->node.rdev = device->number;
    return ramfs;
}

static int ramfs_open_pipe(struct node *node, struct file *file)
{
    return pipe_open_named(&ramfs_of(node)->pipe, file);
}

static const struct node_ops pipe_ops = {
    .open = ramfs_open_pipe,
    .name = ramnode_name,
    .release = release_plain,
};

struct ramfs_node *ramnode_pipe(uint32_t mode)
{
    return ramnode_alloc(mode, &pipe_ops);
}

const char *ramnode_check(const struct ramfs_node *ramfs)
{
    return ramfs->node.ops == &file_ops ? pagetree_check(&ramfs->data.pages) : NULL;
}
