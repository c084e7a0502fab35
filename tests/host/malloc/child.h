/* SPDX-License-Identifier: MIT */
/* child.h - runs a piece of test in a process of its own: a fresh allocator each time, and one that may die.
 */
#pragma once

#include <stdio.h>
#include <unistd.h>

/* In the child: ends it with a message if the condition does not hold. */
#define must(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: must(%s)\n", __FILE__, __LINE__, #condition);                            \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

#define CHILD_TEXT 4096

struct child_end {
    int status;            /* as wait gives it */
    char text[CHILD_TEXT]; /* what it wrote to standard error, as a string */
};

/* Runs body(argument), after host_start(0), in a new process, and waits for it. */
struct child_end child_run(void (*body)(void *argument), void *argument);

/* The same, for a body that must come to its end: fails the cmocka test with the child's words otherwise. */
void child_passes(void (*body)(void *argument), void *argument);
