/* SPDX-License-Identifier: MIT */
/* serialout.h - a program's output to a serial line, raw. */
#pragma once

#include <dev/serial.h>
#include <fs/io.h>
#include <types.h>

/* Sends all, sleeping while the other end does not read. => bytes sent; -EINTR if a signal came before the
 * first. */
ssize_t serialout_write(enum serial_line line, const void *bytes, size_t count);
/* A program's write. => bytes; the first piece's error. */
ssize_t serialout_copy(enum serial_line line, struct io *io);
