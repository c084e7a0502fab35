/* SPDX-License-Identifier: MIT */
/* poll.c - poll, ppoll, select, pselect6: one scan over pollfd's, whichever the program speaks. select's three sets
 * become a row of pollfd's and back. The row is copied in once and out once. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <fs/poll.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <sched/wait.h>
#include <string.h>
#include <sys/patience.h>
#include <sys/timespec.h>

#include <asm-generic/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

#define FEW 8 /* descriptors that have room on the stack */
#define SET_WORDS (FD_MAX / 64)
#define SECONDS_MAX ((uint64_t)INT64_MAX / NS_PER_SECOND / 2)

struct poll_row {
    struct pollfd few[FEW], *fds;
    unsigned count;
};

static int row_alloc(struct poll_row *row, unsigned count)
{
    row->count = count;
    row->fds = count > FEW ? kmalloc(count * sizeof(struct pollfd)) : row->few;
    return row->fds ? 0 : -ENOMEM;
}

static void row_free(struct poll_row *row)
{
    if (row->fds != row->few)
        kfree(row->fds);
}

static uint32_t poll_one(const struct pollfd *fd)
{
    struct file *file FILE_HELD = fdtable_get(current_process()->files, fd->fd);

    return file ? file_poll(file) & ((uint16_t)fd->events | POLLERR | POLLHUP | POLLNVAL) : POLLNVAL;
}

/* => how many have something to say. */
static int scan(void *argument)
{
    const struct poll_row *row = argument;
    int found = 0;

    for (unsigned i = 0; i < row->count; i++) {
        struct pollfd *fd = &row->fds[i];
        fd->revents = fd->fd < 0 ? 0 : (short)poll_one(fd);
        found += fd->revents != 0;
    }
    return found;
}


/* ---- how long ------------------------------------------------------------------------------------------ */

static uint64_t deadline_after(uint64_t ns)
{
    return ns ? timespec_deadline(ns) : POLL_AT_ONCE;
}

uint64_t deadline_of_milliseconds(int milliseconds)
{
    return milliseconds < 0 ? WAIT_FOREVER : deadline_after((uint64_t)milliseconds * 1000000);
}

/* What is left, for the calls that tell. */
static uint64_t time_left(uint64_t deadline)
{
    uint64_t now = clock_now();

    return deadline > now ? deadline - now : 0;
}

int deadline_of_timespec(vaddr_t address, uint64_t *deadline)
{
    uint64_t ns;
    int error = address ? timespec_read(address, &ns) : 0;

    if (!error)
        *deadline = address ? deadline_after(ns) : WAIT_FOREVER;
    return error;
}

static void timespec_report(vaddr_t address, uint64_t deadline)
{
    if (address)
        (void)timespec_write(address, time_left(deadline)); /* Linux, too, keeps silent if it cannot say */
}

int wait_mask_begin(vaddr_t address, size_t size)
{
    uint64_t set;

    if (!address)
        return 0;
    if (size != sizeof(set))
        return -EINVAL;
    if (copy_from_user(&set, address, sizeof(set)) < 0)
        return -EFAULT;
    signal_mask_begin(current_task(), set);
    return 0;
}

void wait_mask_end(vaddr_t address, int64_t result)
{
    if (address && result != -EINTR) /* else the old set comes back behind the handler */
        signal_mask_end(current_task());
}

/* ---- poll ---------------------------------------------------------------------------------------------- */

static int64_t poll_row(vaddr_t fds, uint64_t count, uint64_t deadline)
{
    struct poll_row row;

    if ((uint32_t)count > current_process()->files->limit)
        return -EINVAL;
    int error = row_alloc(&row, (uint32_t)count);
    if (error)
        return error;
    size_t size = row.count * sizeof(struct pollfd);
    int64_t result = copy_from_user(row.fds, fds, size);
    if (!result)
        result = poll_until(scan, &row, deadline);
    /* Only revents goes back: another thread may change the rest meanwhile. */
    for (unsigned i = 0; i < row.count && result >= 0; i++) {
        vaddr_t at = fds + i * sizeof(struct pollfd) + offsetof(struct pollfd, revents);
        if (copy_to_user(at, &row.fds[i].revents, sizeof(row.fds[i].revents)) < 0)
            result = -EFAULT;
    }
    row_free(&row);
    return result;
}

SYSCALL_IS(poll, poll_row(ARG0(frame), ARG1(frame), deadline_of_milliseconds((int)ARG2(frame))));

int64_t sys_ppoll(struct trapframe *frame)
{
    uint64_t deadline;
    int64_t result = deadline_of_timespec(ARG2(frame), &deadline);
    if (!result)
        result = wait_mask_begin(ARG3(frame), ARG4(frame));
    if (result)
        return result;
    result = poll_row(ARG0(frame), ARG1(frame), deadline);
    wait_mask_end(ARG3(frame), result);
    timespec_report(ARG2(frame), deadline);
    return result;
}

/* ---- select -------------------------------------------------------------------------------------------- */

/* What each of the three sets asks, and which answers count as yes (Linux's POLLIN_SET, POLLOUT_SET, POLLEX_SET). */
static const struct {
    uint32_t ask, yes;
} kinds[] = {
    {POLL_READABLE, POLL_READABLE | POLLHUP | POLLERR},
    {POLL_WRITABLE, POLL_WRITABLE | POLLERR},
    {POLLPRI, POLLPRI},
};
#define KINDS ARRAY_SIZE(kinds)

struct select_sets {
    vaddr_t user[KINDS];
    uint64_t words[KINDS][SET_WORDS];
    unsigned limit; /* descriptors below this */
};

static bool has(const struct select_sets *sets, unsigned kind, unsigned fd)
{
    return sets->words[kind][fd / 64] >> fd % 64 & 1;
}

static int sets_copy_in(struct select_sets *sets)
{
    size_t size = (sets->limit + 63) / 64 * sizeof(uint64_t);

    memset(sets->words, 0, sizeof(sets->words));
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (sets->user[kind] && copy_from_user(sets->words[kind], sets->user[kind], size) < 0)
            return -EFAULT;
    }
    return 0;
}

static uint32_t events_of(const struct select_sets *sets, unsigned fd)
{
    uint32_t events = 0;

    for (unsigned kind = 0; kind < KINDS; kind++)
        events |= has(sets, kind, fd) ? kinds[kind].ask : 0;
    return events;
}

/* => 0, -ENOMEM, -EBADF: one of them is not open. */
static int sets_to_row(const struct select_sets *sets, struct poll_row *row)
{
    unsigned count = 0;

    for (unsigned fd = 0; fd < sets->limit; fd++)
        count += events_of(sets, fd) != 0;
    int error = row_alloc(row, count);
    row->count = 0;
    for (unsigned fd = 0; fd < sets->limit && !error; fd++) {
        uint32_t events = events_of(sets, fd);
        if (events)
            row->fds[row->count++] = (struct pollfd){.fd = (int)fd, .events = (short)events};
    }
    return error;
}

/* => how many bits are set in the answer; -EBADF, -EFAULT. */
static int64_t row_to_sets(struct select_sets *sets, const struct poll_row *row)
{
    int64_t bits = 0;

    memset(sets->words, 0, sizeof(sets->words));
    for (unsigned i = 0; i < row->count; i++) {
        const struct pollfd *fd = &row->fds[i];
        if (fd->revents & POLLNVAL)
            return -EBADF;
        for (unsigned kind = 0; kind < KINDS; kind++) {
            if (!((uint16_t)fd->events & kinds[kind].ask) || !((uint16_t)fd->revents & kinds[kind].yes))
                continue;
            sets->words[kind][fd->fd / 64] |= 1UL << fd->fd % 64;
            bits++;
        }
    }
    size_t size = (sets->limit + 63) / 64 * sizeof(uint64_t);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (sets->user[kind] && copy_to_user(sets->user[kind], sets->words[kind], size) < 0)
            return -EFAULT;
    }
    return bits;
}

static int64_t select_sets(const struct trapframe *frame, uint64_t deadline)
{
    struct select_sets sets = {.user = {ARG1(frame), ARG2(frame), ARG3(frame)}};
    struct poll_row row;

    if ((int)ARG0(frame) < 0)
        return -EINVAL;
    sets.limit = MIN((uint32_t)ARG0(frame), FD_MAX);
    int64_t result = sets_copy_in(&sets);
    if (result)
        return result;
    result = sets_to_row(&sets, &row);
    if (!result)
        result = poll_until(scan, &row, deadline);
    if (result >= 0)
        result = row_to_sets(&sets, &row);
    row_free(&row);
    return result;
}

int64_t sys_select(struct trapframe *frame)
{
    struct __kernel_old_timeval time;
    uint64_t deadline = WAIT_FOREVER;

    if (ARG4(frame)) {
        if (copy_from_user(&time, ARG4(frame), sizeof(time)) < 0)
            return -EFAULT;
        if (time.tv_sec < 0 || time.tv_usec < 0) /* more than a second of microseconds is all right */
            return -EINVAL;
        uint64_t seconds = MIN((uint64_t)time.tv_sec + (uint64_t)time.tv_usec / 1000000, SECONDS_MAX);
        deadline = deadline_after(seconds * NS_PER_SECOND + (uint64_t)time.tv_usec % 1000000 * 1000);
    }
    int64_t result = select_sets(frame, deadline);
    if (ARG4(frame)) {
        time = timeval_of(time_left(deadline));
        (void)copy_to_user(ARG4(frame), &time, sizeof(time));
    }
    return result;
}

int64_t sys_pselect6(struct trapframe *frame)
{
    struct {
        vaddr_t set;
        uint64_t size;
    } mask = {0};
    uint64_t deadline;

    if (ARG5(frame) && copy_from_user(&mask, ARG5(frame), sizeof(mask)) < 0)
        return -EFAULT;
    int64_t result = deadline_of_timespec(ARG4(frame), &deadline);
    if (!result)
        result = wait_mask_begin(mask.set, mask.size);
    if (result)
        return result;
    result = select_sets(frame, deadline);
    wait_mask_end(mask.set, result);
    timespec_report(ARG4(frame), deadline);
    return result;
}
