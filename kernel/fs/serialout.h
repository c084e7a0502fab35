/* SPDX-License-Identifier: MIT */
/* serialout.h - a program's output to a serial line, raw. */
#ifndef FAULTLINE_FS_SERIALOUT_H
#define FAULTLINE_FS_SERIALOUT_H

#include <dev/serial.h>
#include <types.h>

/* Sends all, sleeping while the other end does not read. => bytes sent; -EINTR if a signal came before the
 * first. */
ssize_t serialout_write(enum serial_line line, const void *bytes, size_t count);

#endif
