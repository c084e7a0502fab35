/* SPDX-License-Identifier: MIT */
/* pty.h - terminals that a program plays. */
#ifndef FAULTLINE_FS_PTY_H
#define FAULTLINE_FS_PTY_H

#include <fs/tty.h>

/* The terminal that a master plays; NULL: `file` is no master. */
struct tty *pty_of_master(const struct file *file);

#endif
