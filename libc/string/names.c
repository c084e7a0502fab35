/* SPDX-License-Identifier: MIT */
/* names.c - error numbers and signals by name, for programs and for the kernel's strace. */
#include <stddef.h>
#include <string.h>

#include <asm/errno.h>
#include <asm/signal.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME(number, text) [number] = #number,
#define ERROR NAME
#define SIGNAL NAME

static const char *const errors[] = {
    [0] = "0",
#include "errors.def"
};
static const char *const signals[] = {
#include "signals.def"
};

const char *strerrorname_np(int number)
{
    return number >= 0 && (size_t)number < COUNT(errors) ? errors[number] : NULL;
}

/* The name without SIG. */
const char *sigabbrev_np(int number)
{
    return number > 0 && (size_t)number < COUNT(signals) ? signals[number] + 3 : NULL;
}
