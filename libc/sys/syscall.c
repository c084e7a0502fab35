/* SPDX-License-Identifier: MIT */
/* syscall.c - any system call by number, for calls that have no function of their own. */
#include <stdarg.h>
#include <unistd.h>

#include "raw.h"

long syscall(long number, ...)
{
    va_list arguments;
    long argument[6];

    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(arguments, long);
    va_end(arguments);
    return SYSCALL(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
