/* SPDX-License-Identifier: MIT */
/* capability.c - capget(2), capset(2): there is one user, who may everything. What is given up is not taken. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/capability.h>

#define EVERYTHING ((1UL << (CAP_LAST_CAP + 1)) - 1)

/* => how many words of 32 capabilities the program's version has; -EINVAL: an unknown one, and the known one is told. */
static int words_of(vaddr_t address, struct __user_cap_header_struct *header)
{
    const uint32_t known = _LINUX_CAPABILITY_VERSION_3;
    if (copy_from_user(header, address, sizeof(*header)) != 0)
        return -EFAULT;
    if (header->version == _LINUX_CAPABILITY_VERSION_1)
        return _LINUX_CAPABILITY_U32S_1;
    if (header->version == _LINUX_CAPABILITY_VERSION_2 || header->version == known)
        return _LINUX_CAPABILITY_U32S_3;
    return copy_to_user(address, &known, sizeof(known)) != 0 ? -EFAULT : -EINVAL;
}

int64_t sys_capget(struct trapframe *frame)
{
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    int words = words_of(ARG0(frame), &header);

    if (words < 0 || !ARG1(frame))
        return words == -EINVAL && !ARG1(frame) ? 0 : MIN(words, 0);
    if (header.pid < 0)
        return -EINVAL;
    if (header.pid && !task_find(header.pid))
        return -ESRCH;
    for (int i = 0; i < words; i++)
        data[i].effective = data[i].permitted = (uint32_t)(EVERYTHING >> (32 * i));
    return copy_to_user(ARG1(frame), data, (size_t)words * sizeof(data[0]));
}

int64_t sys_capset(struct trapframe *frame)
{
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    int words = words_of(ARG0(frame), &header);

    if (words < 0)
        return words;
    if (header.pid && header.pid != current_thread()->tid)
        return -EPERM;
    if (copy_from_user(data, ARG1(frame), (size_t)words * sizeof(data[0])) != 0)
        return -EFAULT;
    for (int i = 0; i < words; i++)
        if (data[i].effective & ~data[i].permitted)
            return -EPERM;
    return 0;
}
