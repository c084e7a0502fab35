/* SPDX-License-Identifier: MIT */
/* assert.h - what must already be true. A broken assertion is a bug of the kernel, never of a user program: it panics. */
#pragma once

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define assert(condition)                                                                                    \
    do {                                                                                                     \
        if (__builtin_expect(!(condition), 0))                                                               \
            panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #condition);              \
    } while (0)

#define static_assert _Static_assert
