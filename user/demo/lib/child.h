/* SPDX-License-Identifier: MIT */
/* child.h - let a child do what kills, and tell how it went.
 *
 * A forbidden act is done in a child process, so that the experiment itself lives on: that only the child
 * dies is the point of most of them. The child catches the signal once, notes si_code and si_addr in a page
 * that it shares with its parent, and lets the instruction run again with the signal's default action: so the
 * wait status is the kernel's own too. Where a kernel has no signal handlers or no shared mappings yet, the
 * wait status alone is told. */
#pragma once

#include <stdbool.h>

struct verdict {
    bool started;          /* false: fork failed */
    int exit_status;       /* when `signal` is 0 */
    int signal;            /* 0: the child ended by itself */
    bool detailed;         /* code and address below are known */
    int code;              /* si_code */
    unsigned long address; /* si_addr */
};

/* Runs act(argument) in a child, which exits with status 0 when the act returns. */
void child_try(void (*act)(void *), void *argument, struct verdict *verdict);

/* => memory that children share with us, one page of zeroes; NULL when the kernel has no such mappings */
void *child_shared_page(void);

/* => "SIGSEGV" and the like; "signal 33" is shortened to "signal" */
const char *signal_name(int signal);
/* => "SEGV_MAPERR" and the like, "-" for what has no name here */
const char *signal_code_name(int signal, int code);
/* => what a shell would say: "Segmentation fault" and the like */
const char *signal_words(int signal);
/* "SIGSEGV, SEGV_ACCERR" or "ended by itself, status 0". => a static buffer */
const char *verdict_text(const struct verdict *verdict);
