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
#include <linux/fs.h>
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

    /* No file is made that would get no number. A program with 64-bit off_t sees O_LARGEFILE in F_GETFL, whether it asked
     * or not. */
    error = fdtable_room(current_process()->files);
    if (!error)
        error = path_open(path.start, path.text, flags | O_LARGEFILE, new_mode(mode), &file);
    user_path_put(&path);
    if (error)
        return error;
    error = terminal_opened(file, flags);
    if (error) {
        file_put(file);
        return error;
    }
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

static int64_t rename_path(int old_directory, vaddr_t old, int new_directory, vaddr_t new, unsigned flags)
{
    struct user_path from, to;
    int error = user_path_get(&from, old_directory, old);
    if (error)
        return error;
    error = user_path_get(&to, new_directory, new);
    if (!error) {
        error = path_rename(from.start, from.text, to.start, to.text, flags);
        user_path_put(&to);
    }
    user_path_put(&from);
    return error;
}

int64_t sys_rename(struct trapframe *frame)
{
    return rename_path(AT_FDCWD, ARG0(frame), AT_FDCWD, ARG1(frame), 0);
}

int64_t sys_renameat(struct trapframe *frame)
{
    return rename_path((int)ARG0(frame), ARG1(frame), (int)ARG2(frame), ARG3(frame), 0);
}

/* Exchanging two names and white-outs are not there, as on many file systems of Linux. */
int64_t sys_renameat2(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG4(frame);

    if (flags & ~(uint32_t)RENAME_NOREPLACE)
        return -EINVAL;
    return rename_path((int)ARG0(frame), ARG1(frame), (int)ARG2(frame), ARG3(frame),
                       flags ? PATH_NO_REPLACE : 0);
}

static int64_t link_path(int old_directory, vaddr_t old, int new_directory, vaddr_t new, uint32_t flags)
{
    struct user_path path;
    struct node *target;

    if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    uint32_t follow = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
    int error = user_path_find(old_directory, old, (flags & AT_EMPTY_PATH) | follow, &target);
    if (error)
        return error;
    error = user_path_get(&path, new_directory, new);
    if (!error) {
        error = path_link(target, path.start, path.text);
        user_path_put(&path);
    }
    node_put(target);
    return error;
}

int64_t sys_link(struct trapframe *frame)
{
    return link_path(AT_FDCWD, ARG0(frame), AT_FDCWD, ARG1(frame), 0);
}

int64_t sys_linkat(struct trapframe *frame)
{
    return link_path((int)ARG0(frame), ARG1(frame), (int)ARG2(frame), ARG3(frame), (uint32_t)ARG4(frame));
}

static int64_t symlink_path(vaddr_t text, int directory, vaddr_t link)
{
    struct user_path target, path;
    int error = user_path_get(&target, AT_FDCWD, text);
    if (error)
        return error;
    error = user_path_get(&path, directory, link);
    if (!error) {
        error = target.text[0] ? path_make(path.start, path.text, S_IFLNK | 0777, target.text) : -ENOENT;
        user_path_put(&path);
    }
    user_path_put(&target);
    return error;
}

int64_t sys_symlink(struct trapframe *frame)
{
    return symlink_path(ARG0(frame), AT_FDCWD, ARG1(frame));
}

int64_t sys_symlinkat(struct trapframe *frame)
{
    return symlink_path(ARG0(frame), (int)ARG1(frame), ARG2(frame));
}

/* Devices are made at boot. */
static int64_t make_node(int directory, vaddr_t address, uint64_t mode)
{
    struct user_path path;
    uint32_t type = (uint32_t)mode & S_IFMT;

    if (type != 0 && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
        return type == S_IFDIR || type == S_IFCHR || type == S_IFBLK ? -EPERM : -EINVAL;
    int error = user_path_get(&path, directory, address);
    if (error)
        return error;
    error = path_make(path.start, path.text, (type ? type : S_IFREG) | new_mode(mode), NULL);
    user_path_put(&path);
    return error;
}

int64_t sys_mknod(struct trapframe *frame)
{
    return make_node(AT_FDCWD, ARG0(frame), ARG1(frame));
}

int64_t sys_mknodat(struct trapframe *frame)
{
    return make_node((int)ARG0(frame), ARG1(frame), ARG2(frame));
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
