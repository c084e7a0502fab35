/* SPDX-License-Identifier: MIT */
/* raw.h - the system call instruction, and how its answer becomes a return value and errno.
 *
 * The number goes in rax, arguments in rdi rsi rdx r10 r8 r9; the instruction destroys rcx and r11. An answer
 * from -4095 to -1 is a negated error number (the kernel's IS_ERR_VALUE: no valid address or count lies
 * there).
 *
 *     return SYSCALL(__NR_read, fd, to, count);        sets errno and returns -1, or the answer
 *     return WAITING_SYSCALL(__NR_pause);              the same for one that may wait: a cancellation point
 *     long answer = RAW_SYSCALL(__NR_brk, end);        the kernel's own answer
 *
 * Missing arguments are passed as 0; setting the register costs less than six variants to read. */
#pragma once

#include <asm/unistd.h>

static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    long answer;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return answer;
}

/* The same for a call that may wait: here a thread can be cancelled (point.asm). */
long syscall_point(long number, long a, long b, long c, long d, long e, long f);

/* The answer itself, or -1 with errno set. */
long syscall_result(long answer);

#define RAW_SYSCALL_7(number, a, b, c, d, e, f, ...)                                                         \
    raw_syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW_SYSCALL(...) RAW_SYSCALL_7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define SYSCALL(...) syscall_result(RAW_SYSCALL(__VA_ARGS__))
#define POINT_SYSCALL_7(number, a, b, c, d, e, f, ...)                                                       \
    syscall_point(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW_WAITING_SYSCALL(...) POINT_SYSCALL_7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define WAITING_SYSCALL(...) syscall_result(RAW_WAITING_SYSCALL(__VA_ARGS__))
