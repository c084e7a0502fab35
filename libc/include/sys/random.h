/* SPDX-License-Identifier: MIT */
/* <sys/random.h> - random bytes of the kernel. */
#ifndef _SYS_RANDOM_H
#define _SYS_RANDOM_H

#include <sys/types.h>
#include <linux/random.h>

ssize_t getrandom(void *to, size_t count, unsigned int flags);
int getentropy(void *to, size_t count);

#endif
