/* SPDX-License-Identifier: MIT */
/* tree.c - the system calls that take a path and do something with what is there: open, make, remove, rename,
 * go. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <fs/ramfs.h>
#include <proc/process.h>
#include <sys/descriptor.h>
#include <sys/terminal.h>
#include <sys/userpath.h>

#include <string.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/stat.h>

/* What a call does with the path that it was given; `value` is an argument of its own. */
typedef int64_t path_verb(const struct user_path *path, uint64_t value);

static int64_t with_path(int directory, vaddr_t address, path_verb *verb, uint64_t value)
{
    struct user_path path PATH_HELD = {0};
    int error = user_path_get(&path, directory, address);

    return error ? error : verb(&path, value);
}

/* The same with two paths, from each of which something is asked. */
typedef int64_t paths_verb(const struct user_path *from, const struct user_path *to, uint64_t value);

static int64_t with_paths(int from_directory, vaddr_t from_address, int to_directory, vaddr_t to_address,
                          paths_verb *verb, uint64_t value)
{
    struct user_path from PATH_HELD = {0}, to PATH_HELD = {0};
    int error = user_path_get(&from, from_directory, from_address);

    if (!error)
        error = user_path_get(&to, to_directory, to_address);
    return error ? error : verb(&from, &to, value);
}

/* ---- open ---------------------------------------------------------------------------------------------- */

/* The mode of something new: what the caller wants, less what the process's umask forbids. */
static uint32_t new_mode(uint64_t mode)
{
    return (uint32_t)mode & 07777 & ~current_process()->umask;
}

static int64_t open_path(int directory, vaddr_t address, uint32_t flags, uint64_t mode)
{
    struct fdtable *files = current_process()->files;
    struct user_path path PATH_HELD = {0};
    struct file *file;
    int error = user_path_get(&path, directory, address);

    /* No file is made that would get no number. A program with 64-bit off_t sees O_LARGEFILE in F_GETFL, whether it asked
     * or not. */
    if (!error)
        error = fdtable_room(files);
    if (!error)
        error = path_open(path.start, path.text, flags | O_LARGEFILE, new_mode(mode), &file);
    if (error)
        return error;
    terminal_opened(file, flags);
    return descriptor_make(file, flags & O_CLOEXEC);
}

SYSCALL_IS(open, open_path(AT_FDCWD, ARG0(frame), (uint32_t)ARG1(frame), ARG2(frame)));
SYSCALL_IS(openat, open_path((int)ARG0(frame), ARG1(frame), (uint32_t)ARG2(frame), ARG3(frame)));
SYSCALL_IS(creat, open_path(AT_FDCWD, ARG0(frame), O_CREAT | O_WRONLY | O_TRUNC, ARG1(frame)));

/* A file without a path. The name is for those who look at /proc. */
static int64_t memory_file(char *name, uint32_t flags)
{
    struct file *file;
    struct node *node NODE_HELD = ramfs_memory_file(name);
    if (!node)
        return -ENOMEM;

    node->seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
    int error = file_open_node(node, O_RDWR | O_LARGEFILE, &file);
    return error ? error : descriptor_make(file, flags & MFD_CLOEXEC);
}

int64_t sys_memfd_create(struct trapframe *frame)
{
    static const char before[] = "/memfd:", behind[] = " (deleted)";
    const size_t start = sizeof(before) - 1;
    char name[NAME_LENGTH_MAX + sizeof(behind)];
    uint32_t flags = (uint32_t)ARG1(frame);

    if (flags & ~(uint32_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        return -EINVAL;
    strcpy(name, before);
    ssize_t length = copy_string_from_user(name + start, ARG0(frame), NAME_LENGTH_MAX + 2 - start);
    if (length < 0)
        return length == -EFAULT ? -EFAULT : -EINVAL;
    strcat(name, behind);
    return memory_file(name, flags);
}

/* ---- make, remove, rename ------------------------------------------------------------------------------ */

static int64_t make(const struct user_path *path, uint64_t mode)
{
    return path_make(path->start, path->text, (uint32_t)mode, NULL);
}

static int64_t make_directory(int directory, vaddr_t address, uint64_t mode)
{
    return with_path(directory, address, make, S_IFDIR | (new_mode(mode) & 01777));
}

SYSCALL_IS(mkdir, make_directory(AT_FDCWD, ARG0(frame), ARG1(frame)));
SYSCALL_IS(mkdirat, make_directory((int)ARG0(frame), ARG1(frame), ARG2(frame)));

/* Devices are made at boot. */
static int64_t make_node(int directory, vaddr_t address, uint64_t mode)
{
    uint32_t type = (uint32_t)mode & S_IFMT;

    if (type != 0 && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
        return type == S_IFDIR || type == S_IFCHR || type == S_IFBLK ? -EPERM : -EINVAL;
    return with_path(directory, address, make, (type ? type : S_IFREG) | new_mode(mode));
}

SYSCALL_IS(mknod, make_node(AT_FDCWD, ARG0(frame), ARG1(frame)));
SYSCALL_IS(mknodat, make_node((int)ARG0(frame), ARG1(frame), ARG2(frame)));

static int64_t make_symlink(const struct user_path *target, const struct user_path *path, uint64_t)
{
    return path_make(path->start, path->text, S_IFLNK | 0777, target->text);
}

SYSCALL_IS(symlink, with_paths(AT_FDCWD, ARG0(frame), AT_FDCWD, ARG1(frame), make_symlink, 0));
SYSCALL_IS(symlinkat, with_paths(AT_FDCWD, ARG0(frame), (int)ARG1(frame), ARG2(frame), make_symlink, 0));

static int64_t remove(const struct user_path *path, uint64_t want_directory)
{
    return path_remove(path->start, path->text, want_directory);
}

SYSCALL_IS(rmdir, with_path(AT_FDCWD, ARG0(frame), remove, true));
SYSCALL_IS(unlink, with_path(AT_FDCWD, ARG0(frame), remove, false));
SYSCALL_IS(unlinkat, (uint32_t)ARG2(frame) & ~(uint32_t)AT_REMOVEDIR
                         ? -EINVAL
                         : with_path((int)ARG0(frame), ARG1(frame), remove, ARG2(frame) & AT_REMOVEDIR));

/* Exchanging two names and white-outs are not there, as on many file systems of Linux. */
static int64_t rename(const struct user_path *from, const struct user_path *to, uint64_t flags)
{
    return path_rename(from->start, from->text, to->start, to->text, flags ? PATH_NO_REPLACE : 0);
}

static int64_t rename_at(const struct trapframe *frame, uint32_t flags)
{
    if (flags & ~(uint32_t)RENAME_NOREPLACE)
        return -EINVAL;
    return with_paths((int)ARG0(frame), ARG1(frame), (int)ARG2(frame), ARG3(frame), rename, flags);
}

SYSCALL_IS(rename, with_paths(AT_FDCWD, ARG0(frame), AT_FDCWD, ARG1(frame), rename, 0));
SYSCALL_IS(renameat, rename_at(frame, 0));
SYSCALL_IS(renameat2, rename_at(frame, (uint32_t)ARG4(frame)));

static int64_t link(const struct user_path *path, uint64_t target)
{
    return path_link((struct node *)target, path->start, path->text);
}

static int64_t link_path(int old_directory, vaddr_t old, int new_directory, vaddr_t new, uint32_t flags)
{
    struct node *target NODE_HELD = NULL;

    if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    uint32_t follow = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
    int error = user_path_find(old_directory, old, (flags & AT_EMPTY_PATH) | follow, &target);
    return error ? error : with_path(new_directory, new, link, (uint64_t)target);
}

SYSCALL_IS(link, link_path(AT_FDCWD, ARG0(frame), AT_FDCWD, ARG1(frame), 0));
SYSCALL_IS(linkat,
           link_path((int)ARG0(frame), ARG1(frame), (int)ARG2(frame), ARG3(frame), (uint32_t)ARG4(frame)));

/* ---- the working directory ----------------------------------------------------------------------------- */

static int64_t go_to(struct node *directory, uint64_t, uint64_t)
{
    struct process *process = current_process();
    struct node *before = process->cwd;

    if (!node_is(directory, S_IFDIR))
        return -ENOTDIR;
    process->cwd = node_get(directory);
    node_put(before);
    return 0;
}

SYSCALL_IS(chdir, at_path(AT_FDCWD, ARG0(frame), 0, go_to, 0, 0));
SYSCALL_IS(fchdir, at_descriptor(ARG0(frame), false, go_to, 0, 0));

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
