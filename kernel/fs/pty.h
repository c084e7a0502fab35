/* SPDX-License-Identifier: MIT */
/* pty.h - terminals that a program plays. */
#pragma once

#include <fs/tty.h>

/* The terminal that a master plays; NULL: `file` is no master. */
struct tty *pty_of_master(const struct file *file);
