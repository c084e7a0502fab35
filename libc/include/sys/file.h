/* SPDX-License-Identifier: MIT */
/* <sys/file.h> - whole-file locks. */
#ifndef _SYS_FILE_H
#define _SYS_FILE_H

#include <fcntl.h>

int flock(int fd, int operation);

#endif
