/* SPDX-License-Identifier: MIT */
/* errno.c - where errno lives, a variable of each thread's own, and the one place that sets it from a kernel's answer. */
#include <errno.h>

#include "raw.h"

#define HIGHEST_ERROR 4095

static _Thread_local int error_number;

int *__errno_location(void)
{
    return &error_number;
}

long syscall_result(long answer)
{
    if (answer < 0 && answer >= -HIGHEST_ERROR) {
        error_number = (int)-answer;
        return -1;
    }
    return answer;
}
