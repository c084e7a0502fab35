/* SPDX-License-Identifier: MIT */
/* <utime.h> - a file's times in whole seconds. */
#ifndef _UTIME_H
#define _UTIME_H

#include <sys/types.h>
#include <linux/utime.h>

int utime(const char *path, const struct utimbuf *times);

#endif
