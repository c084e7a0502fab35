/* SPDX-License-Identifier: MIT */
/* calls.h - declares sys_NAME for every line of table.h: `int64_t sys_read(struct trapframe *frame);` and so on. */
#ifndef FAULTLINE_SYS_CALLS_H
#define FAULTLINE_SYS_CALLS_H

#include <sys/syscall.h>

#define SYSCALL(name, kinds) syscall_function sys_##name;
#include "table.h"
#undef SYSCALL

#endif
