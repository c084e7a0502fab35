/* SPDX-License-Identifier: MIT */
/* links.c - the links out of /proc. exe, cwd, root and fd/N lead straight to a node (node_ops.follow), so they work for a file that
 * was deleted and for a pipe; their text is only what is shown. self is an ordinary link whose text depends on the reader. */
#include <procfs/files.h>

#include <fs/file.h>
#include <fs/path.h>
#include <lib/log.h>
#include <proc/process.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

struct node *proc_exe(const struct proc_node *, struct process *process)
{
    return process->executable != NULL ? node_get(process->executable) : NULL;
}

struct node *proc_cwd(const struct proc_node *, struct process *process)
{
    return process->cwd != NULL ? node_get(process->cwd) : NULL;
}

struct node *proc_root(const struct proc_node *, struct process *process)
{
    return process->state == PROCESS_LIVE ? node_get(path_root()) : NULL;
}

static struct node *fd_target(const struct proc_node *link, struct process *process)
{
    struct file *file FILE_HELD = process->files != NULL ? fdtable_get(process->files, link->number) : NULL;

    return file != NULL ? node_get(file->node) : NULL;
}

static int link_follow(struct node *node, struct node **target)
{
    const struct proc_node *link = proc_node(node);
    struct process *process = proc_node_process(node);

    *target = process != NULL ? link->entry->target(link, process) : NULL;
    return *target != NULL ? 0 : -ENOENT;
}

static ssize_t link_readlink(struct node *node, char *buffer, size_t size)
{
    struct node *target NODE_HELD = NULL;
    int error = link_follow(node, &target);

    return error != 0 ? error : path_of(target, buffer, size);
}

const struct node_ops proc_link_ops = {
    .readlink = link_readlink, .follow = link_follow, .name = proc_name, .release = proc_release};

static ssize_t self_readlink(struct node *, char *buffer, size_t size)
{
    return format_text(buffer, size, "%d", current_process()->pid);
}

static ssize_t thread_self_readlink(struct node *, char *buffer, size_t size)
{
    return format_text(buffer, size, "%d/task/%d", current_process()->pid, current_thread()->tid);
}

/* /proc/mounts: each process may have mounts of its own on Linux. */
static ssize_t mounts_readlink(struct node *, char *buffer, size_t size)
{
    return format_text(buffer, size, "self/mounts");
}

const struct node_ops proc_mounts_link_ops = {
    .readlink = mounts_readlink, .name = proc_name, .release = proc_release};
const struct node_ops proc_self_ops = {.readlink = self_readlink, .name = proc_name, .release = proc_release};
const struct node_ops proc_thread_self_ops = {
    .readlink = thread_self_readlink, .name = proc_name, .release = proc_release};

/* ---- The directory of the descriptors --------------------------------------------------------------------------- */

/* Linux says by the owner's permissions how the file was opened. */
static const struct proc_entry fd_entries[] = {
    [O_RDONLY] = {NULL, S_IFLNK | S_IRUSR | S_IXUSR, &proc_link_ops, .target = fd_target},
    [O_WRONLY] = {NULL, S_IFLNK | S_IWUSR | S_IXUSR, &proc_link_ops, .target = fd_target},
    [O_RDWR] = {NULL, S_IFLNK | S_IRWXU, &proc_link_ops, .target = fd_target},
    [O_ACCMODE] = {NULL, S_IFLNK | S_IXUSR, &proc_link_ops,
                   .target = fd_target}, /* Linux's "3": neither read nor write */
};
#define FD_LINK_SIZE 64 /* what lstat says on Linux, whatever the text */

/* How `fd` is open, as an index of fd_entries. => -ENOENT: it is not. */
static int fd_mode(struct process *process, int fd)
{
    struct file *file FILE_HELD = process->files != NULL ? fdtable_get(process->files, fd) : NULL;

    return file != NULL ? (int)(file->flags & O_ACCMODE) : -ENOENT;
}

static int fd_lookup(struct node *directory, const char *name, struct node **found)
{
    struct process *process = proc_node_process(directory);
    int fd = proc_number(name);
    if (process == NULL || fd < 0)
        return -ENOENT;
    int mode = fd_mode(process, fd);
    if (mode < 0)
        return mode;
    *found = proc_node_make(directory, &fd_entries[mode], process, fd);
    if (*found == NULL)
        return -ENOMEM;
    (*found)->size = FD_LINK_SIZE;
    return 0;
}

static int fd_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    struct process *process = proc_node_process(directory);
    if (process == NULL || process->files == NULL)
        return process == NULL ? -ENOENT : 0;
    int fd = position < FD_MAX ? fdtable_next(process->files, (int)position) : -1;
    if (fd < 0)
        return 0;
    format_text(entry->name, sizeof(entry->name), "%d", fd);
    entry->inode = proc_inode(directory, &fd_entries[0], fd);
    entry->mode = S_IFLNK;
    entry->next = (uint64_t)fd + 1;
    return 1;
}

const struct node_ops proc_fd_directory_ops = {
    .lookup = fd_lookup, .list = fd_list, .name = proc_name, .release = proc_release};
