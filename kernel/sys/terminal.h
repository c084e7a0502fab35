/* SPDX-License-Identifier: MIT */
/* terminal.h - what the terminal and processes have to do with each other. */
#ifndef FAULTLINE_SYS_TERMINAL_H
#define FAULTLINE_SYS_TERMINAL_H

#include <fs/file.h>

/* The current process has opened `file` with these flags: a terminal without an owner becomes its group's. */
void terminal_opened(struct file *file, uint32_t flags);

#endif
