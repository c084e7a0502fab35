/* SPDX-License-Identifier: MIT */
/* tree.c - the system calls that take a path and do something with what is there: open, make, remove, rename,
 * go. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <proc/process.h>
#include <sys/terminal.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

/* ---- open ---------------------------------------------------------------------------------------------- */

static int64_t install(struct file *file, uint32_t flags)
{
    int fd = fdtable_install(current_process()->files, file, 0, flags & O_CLOEXEC);

    if (fd < 0)
        file_put(file);
    return fd;
}

/* The mode of something new: what the caller wants, less what the process's umask forbids. */
static uint32_t new_mode(uint64_t mode)
{
    return (uint32_t)mode & 07777 & ~current_process()->umask;
}

static int64_t open_path(int directory, vaddr_t address, uint32_t flags, uint64_t mode)
{
    struct user_path path;
    struct file *file;
    int error = user_path_get(&path, directory, address);
    if (error)
        return error;

    /* A program with 64-bit off_t sees O_LARGEFILE in F_GETFL, whether it asked or not. */
    error = path_open(path.start, path.text, flags | O_LARGEFILE, new_mode(mode), &file);
    user_path_put(&path);
    if (error)
        return error;
    terminal_opened(file, flags);
    return install(file, flags);
}

int64_t sys_open(struct trapframe *frame)
{
    return open_path(AT_FDCWD, ARG0(frame), (uint32_t)ARG1(frame), ARG2(frame));
}

int64_t sys_openat(struct trapframe *frame)
{
    return open_path((int)ARG0(frame), ARG1(frame), (uint32_t)ARG2(frame), ARG3(frame));
}

int64_t sys_creat(struct trapframe *frame)
{
    return open_path(AT_FDCWD, ARG0(frame), O_CREAT | O_WRONLY | O_TRUNC, ARG1(frame));
}

/* ---- make, remove, rename ------------------------------------------------------------------------------ */

static int64_t make_directory(int directory, vaddr_t address, uint64_t mode)
{
    struct user_path path;
    int error = user_path_get(&path, directory, address);
    if (error)
        return error;
    error = path_make(path.start, path.text, S_IFDIR | (new_mode(mode) & 01777), NULL);
    user_path_put(&path);
    return error;
}

int64_t sys_mkdir(struct trapframe *frame)
{
    return make_directory(AT_FDCWD, ARG0(frame), ARG1(frame));
}

int64_t sys_mkdirat(struct trapframe *frame)
{
    return make_directory((int)ARG0(frame), ARG1(frame), ARG2(frame));
}

static int64_t remove(int directory, vaddr_t address, bool want_directory)
{
    struct user_path path;
    int error = user_path_get(&path, directory, address);
    if (error)
        return error;
    error = path_remove(path.start, path.text, want_directory);
    user_path_put(&path);
    return error;
}

int64_t sys_rmdir(struct trapframe *frame)
{
    return remove(AT_FDCWD, ARG0(frame), true);
}

int64_t sys_unlink(struct trapframe *frame)
{
    return remove(AT_FDCWD, ARG0(frame), false);
}

int64_t sys_unlinkat(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG2(frame);

    if (flags & ~(uint32_t)AT_REMOVEDIR)
        return -EINVAL;
    return remove((int)ARG0(frame), ARG1(frame), flags & AT_REMOVEDIR);
}

int64_t sys_rename(struct trapframe *frame)
{
    struct user_path from, to;
    int error = user_path_get(&from, AT_FDCWD, ARG0(frame));
    if (error)
        return error;
    error = user_path_get(&to, AT_FDCWD, ARG1(frame));
    if (!error) {
        error = path_rename(from.start, from.text, to.start, to.text, 0);
        user_path_put(&to);
    }
    user_path_put(&from);
    return error;
}

int64_t sys_symlink(struct trapframe *frame)
{
    struct user_path target, path;
    int error = user_path_get(&target, AT_FDCWD, ARG0(frame));
    if (error)
        return error;
    error = user_path_get(&path, AT_FDCWD, ARG1(frame));
    if (!error) {
        error = target.text[0] ? path_make(path.start, path.text, S_IFLNK | 0777, target.text) : -ENOENT;
        user_path_put(&path);
    }
    user_path_put(&target);
    return error;
}

int64_t sys_truncate(struct trapframe *frame)
{
    struct user_path path;

    if ((int64_t)ARG1(frame) < 0)
        return -EINVAL;
    int error = user_path_get(&path, AT_FDCWD, ARG0(frame));
    if (error)
        return error;
    error = path_truncate(path.start, path.text, ARG1(frame));
    user_path_put(&path);
    return error;
}

/* ---- the working directory ----------------------------------------------------------------------------- */

/* Takes over the reference. */
static void go_to(struct node *directory)
{
    struct process *process = current_process();
    struct node *before = process->cwd;

    process->cwd = directory;
    node_put(before);
}

int64_t sys_chdir(struct trapframe *frame)
{
    struct user_path path;
    struct node *directory;
    int error = user_path_get(&path, AT_FDCWD, ARG0(frame));
    if (error)
        return error;
    error = path_lookup(path.start, path.text, PATH_DIRECTORY, &directory);
    user_path_put(&path);
    if (!error)
        go_to(directory);
    return error;
}

int64_t sys_fchdir(struct trapframe *frame)
{
    struct file *file = fdtable_get(current_process()->files, (int)ARG0(frame));
    if (!file)
        return -EBADF;
    bool directory = node_is(file->node, S_IFDIR);
    if (directory)
        go_to(node_get(file->node));
    file_put(file);
    return directory ? 0 : -ENOTDIR;
}

int64_t sys_getcwd(struct trapframe *frame)
{
    struct node *cwd = current_process()->cwd;
    char *text = path_buffer_alloc();
    if (!text)
        return -ENOMEM;

    int64_t result = cwd->links > 0 ? path_of(cwd, text, PATH_LENGTH_MAX) : -ENOENT;
    if (result >= 0) {
        result++; /* the NUL counts */
        if ((uint64_t)result > ARG1(frame))
            result = -ERANGE;
        else if (copy_to_user(ARG0(frame), text, (size_t)result) < 0)
            result = -EFAULT;
    }
    path_buffer_free(text);
    return result;
}
