/* SPDX-License-Identifier: MIT */
/* tty.h - the terminal on COM1. */
#ifndef FAULTLINE_FS_TTY_H
#define FAULTLINE_FS_TTY_H

#include <fs/file.h>

/* Is this open file the terminal? */
bool tty_is(const struct file *file);
/* Gives the terminal to a group of processes, if it belongs to none yet. `signal` is called, from the
 * interrupt, for ^C and its like; sys/ passes it, because this layer knows no processes. */
void tty_adopt(int group, void (*signal)(int group, int number));

#endif
