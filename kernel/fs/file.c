/* SPDX-License-Identifier: MIT */
/* file.c - open files: the rules that hold for every kind of file, before its own functions get to work.
 *
 * Guarded by: a file's reference count is atomic. Its position is not guarded: two reads at the same time
 * through one open file may read the same bytes, as POSIX allows. `ops` and `node` never change after
 * open. */
#include <fs/file.h>

#include <fs/lock.h>
#include <mm/kmem.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

void (*file_watched_hook)(struct file *file);

static struct kmem_cache file_cache = KMEM_CACHE("file", struct file);

/* Directories, which are listed through their node, and O_PATH: a file that only says where it is. */
static const struct file_ops no_ops = {0};

static int open_checks(const struct node *node, uint32_t flags)
{
    if (flags & O_PATH)
        return 0;
    if (node_is(node, S_IFLNK))
        return -ELOOP;
    if (node_is(node, S_IFSOCK))
        return -ENXIO;
    if (node_is(node, S_IFDIR) && (flags & O_ACCMODE) != O_RDONLY)
        return -EISDIR;
    return 0;
}

int file_open_node(struct node *node, uint32_t flags, struct file **file)
{
    int error = open_checks(node, flags);
    if (error)
        return error;
    struct file *fresh = kmem_alloc(&file_cache);
    if (!fresh)
        return -ENOMEM;

    *fresh = (struct file){
        .ops = flags & O_PATH || node_is(node, S_IFDIR) ? &no_ops : node->ops->file_ops,
        .node = node_get(node),
        .refs = 1,
        .flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC),
    };
    if (!(flags & O_PATH) && node->ops->open)
        error = node->ops->open(node, fresh);
    if (!error && !fresh->ops)
        error = -ENXIO;
    if (error) {
        node_put(node);
        kmem_free(&file_cache, fresh);
        return error;
    }
    *file = fresh;
    return 0;
}

void file_release(struct file *file)
{
    if (unlikely(!LIST_EMPTY(&file->watchers)))
        file_watched_hook(file);
    if (file->ops->release)
        file->ops->release(file);
    lock_drop(file->node, file);
    if (file->is_writer)
        node_write_end(file->node);
    node_put(file->node);
    kmem_free(&file_cache, file);
}

int file_unreadable(const struct file *file)
{
    if (file->flags & O_PATH)
        return -EBADF;
    return node_is(file->node, S_IFDIR) ? -EISDIR : -EINVAL;
}

int file_unwritable(const struct file *file)
{
    return file->flags & O_PATH ? -EBADF : -EINVAL;
}

/* Where they are called through a pointer. */
extern inline ssize_t file_read(struct file *file, struct io *io, uint64_t *position);
extern inline ssize_t file_write(struct file *file, struct io *io, uint64_t *position);

int64_t file_seek(struct file *file, int64_t offset, int whence)
{
    int64_t base = 0;

    if (file->flags & O_PATH)
        return -EBADF;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    if (file->ops->no_seek)
        return 0;
    if (file->ops->stream)
        return -ESPIPE;
    if (whence == SEEK_CUR) {
        base = (int64_t)file->position;
    } else if (whence == SEEK_END) {
        if (file->node->ops->refresh)
            file->node->ops->refresh(file->node);
        base = (int64_t)file->node->size;
    } else if ((whence == SEEK_DATA || whence == SEEK_HOLE) && node_is(file->node, S_IFREG) &&
               !file->node->ops->refresh) {
        /* To us a file is all data, and behind its end is one hole. */
        if (offset < 0 || (uint64_t)offset >= file->node->size)
            return -ENXIO;
        if (whence == SEEK_HOLE)
            offset = (int64_t)file->node->size;
    } else if (whence != SEEK_SET) {
        return -EINVAL;
    }
    int64_t target;
    if (__builtin_add_overflow(base, offset, &target))
        return -EOVERFLOW;
    if (target < 0)
        return -EINVAL;
    file->position = (uint64_t)target;
    return target;
}

/* As getdents64(2) lays them out; the uapi headers do not have it. */
struct directory_record {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};
#define RECORD_ALIGN 8
#define RECORD_TYPE(mode) ((uint8_t)(((mode)&S_IFMT) >> 12)) /* DT_ values are S_IF ones shifted */

/* "." and ".." have the positions 0 and 1, the directory's own entries follow. => 1, 0: no more, -errno. */
static int entry_at(struct node *directory, uint64_t position, struct node_entry *entry)
{
    entry->next = position + 1;
    if (position > 1) {
        entry->next = position - 1;
        int more = directory->ops->list(directory, position - 2, entry);
        entry->next += 2;
        return more;
    }
    struct node *node = position == 1 && directory->parent ? directory->parent : directory;
    strcpy(entry->name, position == 0 ? "." : "..");
    entry->inode = node->inode;
    entry->mode = S_IFDIR;
    return 1;
}

ssize_t file_list(struct file *file, vaddr_t buffer, size_t size)
{
    struct node *directory = file->node;
    struct io io = io_user(buffer, size);
    struct node_entry entry;

    if (file->flags & O_PATH)
        return -EBADF;
    if (!node_is(directory, S_IFDIR) || !directory->ops->list)
        return -ENOTDIR;
    if (directory->links == 0)
        return -ENOENT;
    for (;;) {
        int more = entry_at(directory, file->position, &entry);
        if (more < 0 && io.left == size)
            return more;
        if (more <= 0)
            break;

        _Alignas(
            RECORD_ALIGN) char bytes[sizeof(struct directory_record) + sizeof(entry.name) + RECORD_ALIGN];
        struct directory_record *record = (struct directory_record *)bytes;
        size_t name_size = strlen(entry.name) + 1;
        size_t raw = offsetof(struct directory_record, name) + name_size;
        size_t length = (raw + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);
        if (length > io.left) {
            if (io.left == size)
                return -EINVAL;
            break;
        }
        record->inode = entry.inode;
        record->next = (int64_t)entry.next;
        record->length = (uint16_t)length;
        record->type = RECORD_TYPE(entry.mode);
        memcpy(record->name, entry.name, name_size);
        memset(record->name + name_size, 0, length - raw);
        size_t left = io.left;
        if (io_put(&io, record, length) != (ssize_t)length) {
            if (left == size)
                return -EFAULT;
            io.left = left;
            break;
        }
        file->position = entry.next;
    }
    return (ssize_t)(size - io.left);
}
