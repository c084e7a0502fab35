/* SPDX-License-Identifier: MIT */
/* <syscall.h> - another name of <sys/syscall.h>. */
#ifndef _SYSCALL_H
#define _SYSCALL_H

#include <sys/syscall.h>

#endif
