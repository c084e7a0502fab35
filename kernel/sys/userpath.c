/* SPDX-License-Identifier: MIT */
/* userpath.c - see userpath.h. A path may be 4096 bytes long, a quarter of a kernel stack, so it has its
 * buffer elsewhere. */
#include <sys/userpath.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

static int start_node(struct user_path *path, int directory, bool any_file)
{
    struct process *process = current_process();

    if (directory == AT_FDCWD || path->text[0] == '/') {
        path->start = node_get(process->cwd);
        return 0;
    }
    struct file *file FILE_HELD = fdtable_get(process->files, directory);
    if (!file)
        return -EBADF;
    if (!any_file && !node_is(file->node, S_IFDIR))
        return -ENOTDIR;
    path->start = node_get(file->node);
    return 0;
}

/* empty_allowed: an empty path is `directory` itself, whatever kind of file that is. */
static int get(struct user_path *path, int directory, vaddr_t address, bool empty_allowed)
{
    path->text = path_buffer_alloc();
    if (!path->text)
        return -ENOMEM;
    ssize_t length = copy_string_from_user(path->text, address, PATH_LENGTH_MAX);
    int error = length < 0 ? (int)length : 0;
    if (length == 0 && !empty_allowed)
        error = -ENOENT; /* whatever `directory` is */
    return error ? error : start_node(path, directory, empty_allowed && length == 0);
}

int user_path_get(struct user_path *path, int directory, vaddr_t address)
{
    return get(path, directory, address, false);
}

void user_path_put(struct user_path *path)
{
    node_put(path->start);
    if (path->text)
        path_buffer_free(path->text);
}

int user_path_find(int directory, vaddr_t address, uint32_t flags, struct node **found)
{
    bool may_be_empty = flags & AT_EMPTY_PATH;
    struct user_path path PATH_HELD = {0};
    int error = get(&path, directory, address, may_be_empty);
    if (error)
        return error;
    if (!may_be_empty || path.text[0] != '\0')
        return path_lookup(path.start, path.text, flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : 0, found);
    *found = node_get(path.start);
    return 0;
}

int64_t at_path(int directory, vaddr_t address, uint32_t flags, node_verb *verb, uint64_t to, uint64_t value)
{
    struct node *node NODE_HELD = NULL;
    int error = user_path_find(directory, address, flags, &node);

    return error ? error : verb(node, to, value);
}

int64_t at_descriptor(uint64_t fd, bool changes, node_verb *verb, uint64_t to, uint64_t value)
{
    struct fdtable *files = current_process()->files;
    struct file *file FILE_HELD = changes ? fdtable_get_open(files, (int)fd) : fdtable_get(files, (int)fd);

    return file ? verb(file->node, to, value) : -EBADF;
}
