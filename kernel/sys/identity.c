/* SPDX-License-Identifier: MIT */
/* identity.c - who a process is: there is one user and one group, number 0, and nobody becomes another. So what asks for 0, or
 * for nothing to change, succeeds; what asks for another number is EPERM, where Linux would let root have it. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>

#include <asm-generic/errno.h>
#include <linux/limits.h>

#define UNCHANGED UINT32_MAX

SYSCALL_IS(getuid, 0);
SYSCALL_IS(geteuid, sys_getuid(frame));
SYSCALL_IS(getgid, sys_getuid(frame));
SYSCALL_IS(getegid, sys_getuid(frame));

int64_t sys_getresuid(struct trapframe *frame)
{
    const uint32_t number = 0;
    const vaddr_t to[] = {ARG0(frame), ARG1(frame), ARG2(frame)};

    for (unsigned i = 0; i < ARRAY_SIZE(to); i++) {
        if (copy_to_user(to[i], &number, sizeof(number)) < 0)
            return -EFAULT;
    }
    return 0;
}

SYSCALL_IS(getresgid, sys_getresuid(frame));

/* Nobody is in any other group. */
SYSCALL_IS(getgroups, (int)ARG0(frame) < 0 ? -EINVAL : 0);

int64_t sys_setuid(struct trapframe *frame)
{
    uint32_t number = (uint32_t)ARG0(frame);

    return number == 0 ? 0 : number == UNCHANGED ? -EINVAL : -EPERM;
}

SYSCALL_IS(setgid, sys_setuid(frame));

static int64_t become(uint64_t number)
{
    return (uint32_t)number == 0 || (uint32_t)number == UNCHANGED ? 0 : -EPERM;
}

SYSCALL_IS(setreuid, become(ARG0(frame)) ? -EPERM : become(ARG1(frame)));
SYSCALL_IS(setregid, sys_setreuid(frame));
SYSCALL_IS(setresuid, sys_setreuid(frame) ? -EPERM : become(ARG2(frame)));
SYSCALL_IS(setresgid, sys_setresuid(frame));

int64_t sys_setgroups(struct trapframe *frame)
{
    uint32_t count = (uint32_t)ARG0(frame), group;

    if (count > NGROUPS_MAX)
        return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        if (copy_from_user(&group, ARG1(frame) + i * sizeof(group), sizeof(group)) < 0)
            return -EFAULT;
        if (group != 0)
            return -EPERM;
    }
    return 0;
}
