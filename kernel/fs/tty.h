/* SPDX-License-Identifier: MIT */
/* tty.h - the terminal on COM1. */
#pragma once

#include <fs/file.h>

/* Is this open file the terminal? */
bool tty_is(const struct file *file);

/* The session whose terminal it is, and its group of processes in the foreground; 0: none. */
struct tty_owner {
    int session, group;
};
struct tty_owner tty_owner(void);
void tty_set_owner(struct tty_owner owner);

/* What this layer, which knows no processes, asks of one that does (sys/terminal.c). */
struct tty_jobs {
    /* For ^C and its like, from the interrupt. */
    void (*signal)(int group, int number);
    /* May the current process read (SIGTTIN) or write (SIGTTOU) now? => 0; -EINTR: its group got the signal; -EIO. */
    int (*refuse)(int number);
};
extern const struct tty_jobs *tty_jobs; /* NULL before anybody uses the terminal */

/* Input of the line comes here from now on. */
void tty_listen(void);
