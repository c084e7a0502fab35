/* SPDX-License-Identifier: MIT */
/* terminal.h - what the terminal and processes have to do with each other. */
#pragma once

#include <fs/file.h>

/* The current process has opened `file` with these flags. => 0; -ENXIO: /dev/tty, and its session has no terminal. */
int terminal_opened(struct file *file, uint32_t flags);
/* ioctl(2) on a terminal, whatever there is to it that concerns processes. */
int64_t terminal_ioctl(struct file *file, uint32_t request, vaddr_t argument);
