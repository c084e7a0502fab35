/* SPDX-License-Identifier: MIT */
/* calls.h - declares sys_NAME for every line of table.h: `int64_t sys_read(struct trapframe *frame);` and so on. */
#pragma once

#include <sys/syscall.h>

#define SYSCALL(name, kinds) syscall_function sys_##name;
#include "table.h"
#undef SYSCALL

/* Most calls are one verb with some of its arguments fixed: `SYSCALL_IS(creat, open_path(AT_FDCWD, ...));` */
#define SYSCALL_IS(name, expression)                                                                         \
    int64_t sys_##name(struct trapframe *frame)                                                              \
    {                                                                                                        \
        (void)frame;                                                                                         \
        return expression;                                                                                   \
    }                                                                                                        \
    syscall_function sys_##name
