/* SPDX-License-Identifier: MIT */
/* <errno.h> - the number of the last error; the values are the kernel's.
 *
 * The location is a call so that threads can give each its own later without recompiling a program. */
#ifndef _ERRNO_H
#define _ERRNO_H

#include <asm/errno.h>

#define ENOTSUP EOPNOTSUPP

int *__errno_location(void) __attribute__((const));
#define errno (*__errno_location())

extern char *program_invocation_name;
extern char *program_invocation_short_name;

#endif
