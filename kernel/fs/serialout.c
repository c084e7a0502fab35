/* SPDX-License-Identifier: MIT */
/* serialout.c - output to a serial line on behalf of a program: polled while the line takes it, and when it
 * does not (the reader of QEMU's output sleeps, say), the program sleeps and looks again with every tick,
 * until a signal ends that. The transmit interrupt is not used: a line that is stuck is rare, and a poll a
 * tick costs nothing. */
#include <fs/serialout.h>

#include <arch/x86/clock.h>
#include <sched/wait.h>

#include <asm-generic/errno.h>

ssize_t serialout_write(enum serial_line line, const void *bytes, size_t count)
{
    size_t sent = serial_try_write(line, bytes, count);

    while (sent < count) {
        uint64_t deadline = clock_now() + NS_PER_SECOND / CLOCK_TICK_HZ;
        if (sleep_alone(deadline) == -EINTR)
            return sent > 0 ? (ssize_t)sent : -EINTR;
        sent += serial_try_write(line, (const char *)bytes + sent, count - sent);
    }
    return (ssize_t)sent;
}

static ssize_t to_line(void *line, const char *bytes, size_t count, bool)
{
    return serialout_write(*(const enum serial_line *)line, bytes, count);
}

ssize_t serialout_copy(enum serial_line line, struct io *io)
{
    return io_pour(io, to_line, &line);
}
