/* SPDX-License-Identifier: MIT */
/* <sys/sendfile.h> - from a file to another one, or a socket or pipe, without a way through the program. */
#ifndef _SYS_SENDFILE_H
#define _SYS_SENDFILE_H

#include <sys/types.h>

ssize_t sendfile(int to, int from, off_t *offset, size_t count);

#endif
