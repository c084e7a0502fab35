/* SPDX-License-Identifier: MIT */
/* terminal.h - what the terminal and processes have to do with each other. */
#pragma once

#include <fs/file.h>

bool terminal_is(const struct file *file); /* a terminal, or the master of one */
/* The current process has opened `file` with these flags. */
void terminal_opened(struct file *file, uint32_t flags);
/* ioctl(2) on such a file, whatever there is to it that concerns processes. */
int64_t terminal_ioctl(struct file *file, uint32_t request, vaddr_t argument);
