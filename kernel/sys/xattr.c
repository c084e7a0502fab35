/* SPDX-License-Identifier: MIT */
/* xattr.c - extended attributes: no file has any, and none takes one (EOPNOTSUPP, what programs expect of a plain file system). */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#define FLAGS (XATTR_CREATE | XATTR_REPLACE)

static int64_t refuse(struct node *, uint64_t name, uint64_t flags)
{
    char text[XATTR_NAME_MAX + 1];

    if (flags & ~(uint64_t)FLAGS)
        return -EINVAL;
    ssize_t length = copy_string_from_user(text, name, sizeof(text));
    if (length == -EFAULT)
        return -EFAULT;
    return length <= 0 ? -ERANGE : -EOPNOTSUPP;
}

static int64_t list(struct node *, uint64_t, uint64_t)
{
    return 0;
}

/* By path, by path without following its last link, by descriptor. */
#define XATTR_CALLS(call, verb, name, flags)                                                                 \
    SYSCALL_IS(call##xattr, at_path(AT_FDCWD, ARG0(frame), 0, verb, name, flags));                           \
    SYSCALL_IS(l##call##xattr, at_path(AT_FDCWD, ARG0(frame), AT_SYMLINK_NOFOLLOW, verb, name, flags));      \
    SYSCALL_IS(f##call##xattr, at_descriptor(ARG0(frame), true, verb, name, flags))

XATTR_CALLS(get, refuse, ARG1(frame), 0);
XATTR_CALLS(set, refuse, ARG1(frame), (uint32_t)ARG4(frame));
XATTR_CALLS(remove, refuse, ARG1(frame), 0);
XATTR_CALLS(list, list, 0, 0);
