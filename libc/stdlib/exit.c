/* SPDX-License-Identifier: MIT */
/* exit.c - leaving in order: functions of atexit, last first; .fini_array, last first; then every stream is
 * flushed.
 *
 * One thread leaves; another one that calls exit meanwhile waits for the end of the process there. The one that leaves may call it
 * again, from a function of atexit or a signal handler: it goes on with what is left. The tables are under the library's lock, which
 * is not held while their functions run. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "../thread/library.h"

#define MOST_FUNCTIONS 64 /* C promises 32 */

struct exit_function {
    void (*call)(int, void *);
    void *argument;
};

/* stdio's flush is weak: a program without streams does not link it. */
void stream_flush_all(void) __attribute__((weak));

extern void (*const __fini_array_start[])(void) __attribute__((weak, visibility("hidden")));
extern void (*const __fini_array_end[])(void) __attribute__((weak, visibility("hidden")));

static struct exit_function functions[MOST_FUNCTIONS];
static size_t function_count;
static void (*quick_functions[MOST_FUNCTIONS])(void);
static size_t quick_function_count;

int on_exit(void (*function)(int, void *), void *argument)
{
    LIBRARY_HOLD();
    if (function_count == MOST_FUNCTIONS) {
        errno = ENOMEM;
        return -1;
    }
    functions[function_count++] = (struct exit_function){function, argument};
    return 0;
}

static void call_plain(int status, void *function)
{
    (void)status;
    ((void (*)(void))function)();
}

int atexit(void (*function)(void))
{
    return on_exit(call_plain, (void *)function);
}

int at_quick_exit(void (*function)(void))
{
    LIBRARY_HOLD();
    if (quick_function_count == MOST_FUNCTIONS) {
        errno = ENOMEM;
        return -1;
    }
    quick_functions[quick_function_count++] = function;
    return 0;
}

static bool take_last(struct exit_function *function)
{
    LIBRARY_HOLD();
    if (function_count == 0)
        return false;
    *function = functions[--function_count];
    return true;
}

static bool take_last_quick(void (**function)(void))
{
    LIBRARY_HOLD();
    if (quick_function_count == 0)
        return false;
    *function = quick_functions[--quick_function_count];
    return true;
}

void exit(int status)
{
    struct exit_function last;

    owned_take(&__exit_lock);
    while (take_last(&last)) /* a function may register another one, which then comes next */
        last.call(status, last.argument);
    for (void (*const *function)(void) = __fini_array_end; function > __fini_array_start;)
        (*--function)();
    if (stream_flush_all != NULL)
        stream_flush_all();
    _exit(status);
}

/* Nothing but its own functions: no streams, no .fini_array. */
void quick_exit(int status)
{
    void (*last)(void);

    owned_take(&__exit_lock);
    while (take_last_quick(&last))
        last();
    _exit(status);
}
