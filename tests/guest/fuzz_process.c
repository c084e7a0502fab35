/* SPDX-License-Identifier: MIT */
/* fuzz_process.c - random calls on processes, threads, signals, descriptors and limits, against a model.
 *     fuzz_process [CALLS [SEED]]
 *
 * Arguments lie near every boundary. The model says of each call what it must return: the lowest free descriptor, the bytes that a
 * pipe has, which signal is taken next, which child is told of, which error comes first. A result that differs ends the run with a
 * line that replays it. The last line is a hash of all results, which must be the same on Linux.
 *
 * What happens in other processes is waited for at once (waitid with WNOWAIT), so that no call depends on who runs when. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz.h"

#define FDS 48 /* RLIMIT_NOFILE */
#define OBJECTS FDS
#define CHILDREN 6
#define PIPE_FILL 3500 /* below a page: how a pipe packs more is nobody's business */
#define NOBODY (1 << 22)
#define ANY_CHILD (-1)
#define MIN(a, b) ((a) < (b) ? (a) : (b))

static char bytes[256];

#define RAW(name, ...) raw(syscall(SYS_##name, ##__VA_ARGS__))

static void result_is(long got, long wanted)
{
    if (got != wanted)
        fail("result", got, wanted);
    hash_add(wanted);
}

/* ---- descriptors --------------------------------------------------------------------------------------- */

enum kind { FREE, READER, WRITER, FILE_RW };

static struct object {
    enum kind kind;
    int refs, peer;      /* open descriptors; the other end's object */
    long fill, position; /* bytes in the pipe (kept by the reader), of the file */
    long size;
} objects[OBJECTS];

static struct {
    int object; /* -1: not open */
    bool cloexec;
} fds[FDS];

static int lowest_free(int from)
{
    while (from < FDS && fds[from].object >= 0)
        from++;
    return from < FDS ? from : -1;
}

static int new_object(enum kind kind)
{
    int i = 0;

    while (objects[i].refs)
        i++;
    objects[i] = (struct object){.kind = kind, .refs = 1, .peer = -1};
    return i;
}

static void model_open(int fd, int object, bool cloexec)
{
    fds[fd].object = object;
    fds[fd].cloexec = cloexec;
}

static void model_close(int fd)
{
    struct object *object = &objects[fds[fd].object];

    fds[fd].object = -1;
    if (--object->refs == 0 && object->peer >= 0)
        objects[object->peer].peer = -1;
}

static int some_fd(void)
{
    static const int odd[] = {-1, FDS, FDS + 1, INT32_MAX, INT32_MIN};

    return pick(15) == 0 ? odd[pick(5)] : 3 + (int)pick(FDS - 3);
}

static struct object *object_of(int fd)
{
    return fd >= 0 && fd < FDS && fds[fd].object >= 0 ? &objects[fds[fd].object] : NULL;
}

static void do_dup(void)
{
    int fd = some_fd(), way = (int)pick(3), from = pick(8) ? (int)pick(FDS) : pick(2) ? FDS : -1;
    const struct object *object = object_of(fd);
    bool cloexec = way == 2;

    CALL("dup way %d, %d from %d", way, fd, from);
    long got = way == 0 ? RAW(dup, fd) : RAW(fcntl, fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, from);
    if (way == 0)
        from = 0;
    if (!object) {
        result_is(got, -EBADF);
        return;
    }
    if (from < 0 || from >= FDS) {
        result_is(got, -EINVAL);
        return;
    }
    int free = lowest_free(from);
    result_is(got, free < 0 ? -EMFILE : free);
    if (free >= 0) {
        model_open(free, fds[fd].object, cloexec);
        objects[fds[fd].object].refs++;
    }
}

static void do_dup_to(void)
{
    int fd = some_fd(), to = some_fd(), flags = pick(4) ? 0 : pick(3) ? O_CLOEXEC : O_NONBLOCK;
    bool three = pick(2);
    const struct object *object = object_of(fd);
    long wanted = to;

    CALL("dup%d(%d, %d, %#x)", three ? 3 : 2, fd, to, flags);
    long got = three ? RAW(dup3, fd, to, flags) : RAW(dup2, fd, to);
    if (three && (flags & ~O_CLOEXEC || fd == to))
        wanted = -EINVAL;
    else if (!object || to < 0 || to >= FDS)
        wanted = -EBADF;
    result_is(got, wanted);
    if (wanted < 0 || fd == to)
        return;
    int source = fds[fd].object;
    objects[source].refs++;
    if (fds[to].object >= 0)
        model_close(to);
    model_open(to, source, three && flags & O_CLOEXEC);
}

static void do_close(void)
{
    int fd = some_fd();

    CALL("close(%d)", fd);
    bool open = object_of(fd);
    result_is(RAW(close, fd), open ? 0 : -EBADF);
    if (open)
        model_close(fd);
}

static void do_pipe(void)
{
    int ends[2], flags = O_NONBLOCK | (pick(3) ? 0 : O_CLOEXEC), bad = (int)pick(12);

    CALL("pipe2(%d)", bad);
    long got = RAW(pipe2, bad == 1 ? (int *)8 : ends, bad == 0 ? flags | O_APPEND : flags);
    int first = lowest_free(0), second = first < 0 ? -1 : lowest_free(first + 1);
    if (bad == 0) {
        result_is(got, -EINVAL);
    } else if (second < 0) {
        result_is(got, -EMFILE);
    } else if (bad == 1) {
        result_is(got, -EFAULT);
    } else {
        result_is(got, 0);
        result_is(ends[0], first);
        result_is(ends[1], second);
        int reader = new_object(READER);
        int writer = new_object(WRITER);
        objects[reader].peer = writer;
        objects[writer].peer = reader;
        model_open(first, reader, flags & O_CLOEXEC);
        model_open(second, writer, flags & O_CLOEXEC);
    }
}

static void do_open(void)
{
    CALL("open");
    long got = RAW(openat, AT_FDCWD, "/tmp/fuzz_process", O_RDWR | O_CREAT | O_TRUNC, 0600);
    int free = lowest_free(0);
    result_is(got, free < 0 ? -EMFILE : free);
    if (free < 0)
        return;
    unlink("/tmp/fuzz_process");
    model_open(free, new_object(FILE_RW), false);
}

static void do_read(void)
{
    int fd = some_fd();
    long size = (long)pick(sizeof(bytes)), wanted;
    bool wild = pick(15) == 0;
    struct object *object = object_of(fd);

    CALL("read(%d, %ld)%s", fd, size, wild ? ", to nowhere" : "");
    if (object && object->kind == READER && wild && object->fill)
        return; /* some of the bytes may be gone */
    long got = RAW(read, fd, wild ? (char *)8 : bytes, size);
    if (!object || object->kind == WRITER) {
        wanted = -EBADF;
    } else if (object->kind == READER) {
        wanted = size == 0 ? 0 : object->fill ? MIN(size, object->fill) : object->peer >= 0 ? -EAGAIN : 0;
        object->fill -= wanted > 0 ? wanted : 0;
    } else {
        long left = object->size > object->position ? object->size - object->position : 0;
        wanted = MIN(size, left);
        if (wild && wanted)
            wanted = -EFAULT;
        object->position += wanted > 0 ? wanted : 0;
    }
    result_is(got, wanted);
}

static void do_write(void)
{
    int fd = some_fd();
    long size = (long)pick(sizeof(bytes)), wanted = size;
    bool wild = pick(15) == 0;
    struct object *object = object_of(fd);

    CALL("write(%d, %ld)%s", fd, size, wild ? ", from nowhere" : "");
    if (object && object->kind == WRITER && object->peer >= 0 &&
        objects[object->peer].fill + size > PIPE_FILL)
        return;
    long got = RAW(write, fd, wild ? (char *)8 : bytes, size);
    if (!object || object->kind == READER)
        wanted = -EBADF;
    else if (object->kind == WRITER && object->peer < 0 && size)
        wanted = -EPIPE;
    else if (wild && size)
        wanted = -EFAULT;
    result_is(got, wanted);
    /* Behind the end a write whose bytes cannot be read makes the file grow up to where it would have begun: on Linux from
     * 6.16 on, not on 6.1. Let it be as on 6.1. (Seed 7 read such bytes after 196 642 calls.) */
    if (wanted == -EFAULT && object->kind == FILE_RW && object->position > object->size)
        result_is(RAW(ftruncate, fd, object->size), 0);
    if (wanted <= 0)
        return;
    if (object->kind == WRITER) {
        objects[object->peer].fill += wanted;
    } else {
        object->position += wanted;
        object->size = object->position > object->size ? object->position : object->size;
    }
}

static void do_seek(void)
{
    static const long offsets[] = {0, 1, -1, 100, -100, 4095, 4096, INT32_MAX, INT64_MAX, INT64_MIN};
    int fd = some_fd(), whence = (int)pick(5);
    long offset = offsets[pick(10)], wanted;
    struct object *object = object_of(fd);

    if (whence == 3)
        whence = pick(2) ? -1 : 99;
    if (whence == 4)
        whence = SEEK_SET;
    CALL("lseek(%d, %ld, %d)", fd, offset, whence);
    long got = RAW(lseek, fd, offset, whence);
    if (!object) {
        wanted = -EBADF;
    } else if (whence < 0 || whence > 2) {
        wanted = -EINVAL;
    } else if (object->kind != FILE_RW) {
        wanted = -ESPIPE;
    } else {
        long base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? object->position : object->size;
        if (offset >= INT32_MAX)
            return (void)RAW(lseek, fd, object->position, SEEK_SET); /* how large a file may be differs */
        wanted = base + offset < 0 ? -EINVAL : base + offset;
        if (wanted >= 0)
            object->position = wanted;
    }
    result_is(got, wanted);
}

static void do_flags(void)
{
    int fd = some_fd(), on = (int)pick(2);

    CALL("F_SETFD(%d, %d)", fd, on);
    bool open = object_of(fd);
    result_is(RAW(fcntl, fd, F_SETFD, on), open ? 0 : -EBADF);
    if (open)
        fds[fd].cloexec = on;
    fd = some_fd();
    CALL("F_GETFD(%d)", fd);
    result_is(RAW(fcntl, fd, F_GETFD, 0), object_of(fd) ? fds[fd].cloexec : -EBADF);
    CALL("fcntl(%d, 9999)", fd);
    result_is(RAW(fcntl, fd, 9999, 0), object_of(fd) ? -EINVAL : -EBADF);
}

static void do_close_range(void)
{
    unsigned from = 3 + (unsigned)pick(FDS), to = pick(10) ? from + (unsigned)pick(4) : UINT32_MAX;
    unsigned flags = pick(3) ? 0 : pick(4) ? 4 : 64;

    if (pick(12) == 0)
        to = from - 1;
    CALL("close_range(%u, %u, %u)", from, to, flags);
    bool good = flags != 64 && from <= to;
    result_is(RAW(close_range, from, to, flags), good ? 0 : -EINVAL);
    for (unsigned fd = from; good && fd < FDS && fd <= to; fd++) {
        if (fds[fd].object >= 0 && flags)
            fds[fd].cloexec = true;
        else if (fds[fd].object >= 0)
            model_close((int)fd);
    }
}

/* ---- signals ------------------------------------------------------------------------------------------- */

#define BIT(signal) (1UL << ((signal)-1))

static const int numbers[] = {SIGUSR1, SIGUSR2, SIGURG, 36, 37, 40, 64};
#define NUMBERS ((int)(sizeof(numbers) / sizeof(numbers[0])))
#define KNOWN (BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGURG) | BIT(36) | BIT(37) | BIT(40) | BIT(64))

static unsigned long blocked;
static int waiting[65], taken_wanted[65];
static volatile int taken[65];

static void on_signal(int number)
{
    taken[number]++;
}

/* What is not blocked is handled before the call returns. */
static void model_deliver(void)
{
    for (int i = 0; i < NUMBERS; i++) {
        int number = numbers[i];
        if (blocked & BIT(number))
            continue;
        taken_wanted[number] += waiting[number];
        waiting[number] = 0;
    }
    for (int i = 0; i < NUMBERS; i++)
        if (taken[numbers[i]] != taken_wanted[numbers[i]])
            fail("handler runs", taken[numbers[i]], taken_wanted[numbers[i]]);
}

static void model_send(int number)
{
    if (number < 32)
        waiting[number] = 1;
    else
        waiting[number]++;
    model_deliver();
}

static void do_send(void)
{
    static const int odd[] = {0, 65, -1, INT32_MAX};
    int number = pick(6) ? numbers[pick(NUMBERS)] : odd[pick(4)], way = (int)pick(4), self = getpid();
    bool real = number > 0 && number < 65;
    siginfo_t info = {.si_code = SI_QUEUE};

    if (real && waiting[number] > 50)
        return;
    CALL("send %d, way %d", number, way);
    long got = way == 0   ? RAW(kill, self, number)
               : way == 1 ? RAW(tgkill, self, self, number)
               : way == 2 ? RAW(tkill, self, number)
                          : RAW(rt_sigqueueinfo, self, number, &info);
    result_is(got, real || number == 0 ? 0 : -EINVAL);
    if (!real)
        return;
    /* To the process and to the thread are two places to wait in; the model has one. */
    if (blocked & BIT(number) && way != 0 && way != 3) {
        unsigned long one = BIT(number);
        struct timespec zero = {0, 0};
        result_is(RAW(rt_sigtimedwait, &one, 0, &zero, 8), number);
        return;
    }
    model_send(number);
}

static void do_mask(void)
{
    unsigned long set = 0, old = 0;
    int how = (int)pick(4), bad = (int)pick(16);

    for (int i = 0; i < NUMBERS; i++)
        set |= pick(2) ? BIT(numbers[i]) : 0;
    set |= BIT(SIGKILL) | BIT(SIGSTOP);
    CALL("rt_sigprocmask(%d, %#lx), %d", how, set, bad);
    unsigned long before = blocked;
    long wanted = bad == 0 ? -EINVAL : bad == 1 ? -EFAULT : how == 3 ? -EINVAL : 0;
    unsigned long known = set & KNOWN;
    if (!wanted)
        blocked = how == SIG_BLOCK ? blocked | known : how == SIG_UNBLOCK ? blocked & ~known : known;
    result_is(RAW(rt_sigprocmask, how, bad == 1 ? (void *)8 : &set, &old, bad == 0 ? 4 : 8), wanted);
    if (!wanted)
        result_is((long)old, (long)before);
    model_deliver();
}

static void do_take(void)
{
    struct timespec time = {0, pick(10) ? 0 : 1000000000};
    unsigned long set = 0;
    siginfo_t info;
    int next = 0;

    for (int i = 0; i < NUMBERS; i++)
        set |= pick(2) ? BIT(numbers[i]) : 0;
    for (int i = 0; i < NUMBERS && !next; i++) {
        int number = i < 2 ? numbers[i] : numbers[i];
        next = set & BIT(number) && waiting[number] ? number : 0;
    }
    if (set & BIT(SIGUSR1) &&
        waiting[SIGUSR1]) /* the lowest number first; SIGUSR1 10, SIGUSR2 12, SIGURG 23 */
        next = SIGUSR1;
    CALL("rt_sigtimedwait(%#lx)", set);
    result_is(RAW(rt_sigtimedwait, &set, &info, &time, 8), time.tv_nsec ? -EINVAL : next ? next : -EAGAIN);
    if (next && !time.tv_nsec)
        waiting[next]--;
}

static void do_pending(void)
{
    unsigned long set = 0, wanted = 0;

    CALL("rt_sigpending");
    for (int i = 0; i < NUMBERS; i++)
        wanted |= waiting[numbers[i]] ? BIT(numbers[i]) : 0;
    result_is(RAW(rt_sigpending, &set, 8), 0);
    result_is((long)set, (long)wanted);
}

static void do_action(void)
{
    static const int odd[] = {0, SIGKILL, SIGSTOP, 65, -1, INT32_MAX};
    int number = odd[pick(6)];
    char action[32] = {0};

    CALL("rt_sigaction(%d)", number);
    result_is(RAW(rt_sigaction, number, action, 0, 8), -EINVAL);
    bool asks = number == SIGKILL || number == SIGSTOP;
    result_is(RAW(rt_sigaction, number, 0, action, 8), asks ? 0 : -EINVAL);
}

/* ---- children and threads ------------------------------------------------------------------------------ */

static struct child {
    pid_t pid;          /* 0: none */
    unsigned long born; /* the call that made it */
    int group;
    enum { RUNS, STOPPED, ENDED } what;
    bool stop_news, continue_news;
    int status; /* as wait4 gives it */
} children[CHILDREN];

static volatile bool *child_ready; /* shared with the children */

static void await(const struct child *child, int events)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)child->pid, &info, events | WNOWAIT) != 0)
        if (errno != EINTR)
            fail("waitid", -errno, 0);
}

static void do_fork(void)
{
    struct child *child = children;
    int code = (int)pick(4) ? (int)pick(256) : -1;

    while (child < children + CHILDREN && child->pid)
        child++;
    if (child == children + CHILDREN)
        return;
    CALL("fork, exit %d", code);
    *child_ready = false;
    pid_t pid = pick(2) ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        unsigned long none = 0;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
        syscall(SYS_close_range, 3, ~0U, 0); /* nobody else has the pipes */
        *child_ready = true;
        alarm(900); /* if the parent dies it does not sleep for ever */
        while (code < 0)
            pause();
        _exit(code);
    }
    *child = (struct child){.pid = pid,
                            .born = call_number,
                            .group = getpgrp(),
                            .what = code < 0 ? RUNS : ENDED,
                            .status = (code & 255) << 8};
    if (pid < 0)
        fail("fork", -errno, 0);
    while (!*child_ready)
        sched_yield();
    if (code >= 0)
        await(child, WEXITED);
}

static void do_kill_child(void)
{
    static const int signals[] = {SIGTERM, SIGKILL, SIGSTOP, SIGCONT, SIGSTOP, SIGCONT, 0, 65, SIGCHLD};
    struct child *child = &children[pick(CHILDREN)];
    int number = signals[pick(9)];

    if (!child->pid)
        return;
    CALL("kill(child %d, %d)", (int)(child - children), number);
    if (number == SIGTERM && child->what == STOPPED)
        number = SIGKILL; /* it would stay to be taken */
    result_is(RAW(kill, child->pid, number), number == 65 ? -EINVAL : 0);
    if (child->what == ENDED || number == 65 || number == 0 || number == SIGCHLD)
        return;
    if (number == SIGTERM || number == SIGKILL) {
        child->what = ENDED;
        child->status = number;
        await(child, WEXITED);
    } else if (number == SIGSTOP && child->what == RUNS) {
        child->what = STOPPED;
        child->continue_news = false;
        child->stop_news = true;
        await(child, WSTOPPED);
    } else if (number == SIGCONT && child->what == STOPPED) {
        child->what = RUNS;
        child->stop_news = false;
        child->continue_news = true;
        await(child, WCONTINUED);
    }
}

static void do_wait(void)
{
    static const int kinds[] = {0, 0, WUNTRACED, WUNTRACED | WCONTINUED, WCONTINUED, 0x1000};
    struct child *child = &children[pick(CHILDREN)];
    int options = WNOHANG | kinds[pick(6)], status = 0, wanted = 0;
    int pid = pick(8) && child->pid ? child->pid : pick(2) ? NOBODY : INT32_MIN;

    CALL("wait4(%d, %#x)", pid == child->pid ? (int)(child - children) : pid, options);
    long got = RAW(wait4, pid, &status, options, 0);
    if (options & 0x1000) {
        result_is(got, -EINVAL);
        return;
    }
    if (pid != child->pid) {
        result_is(got, pid == INT32_MIN ? -ESRCH : -ECHILD);
        return;
    }
    bool told = true;
    if (child->what == ENDED) {
        wanted = child->status;
        child->pid = 0;
    } else if (options & WUNTRACED && child->stop_news) {
        wanted = SIGSTOP << 8 | 0x7f;
        child->stop_news = false;
    } else if (options & WCONTINUED && child->continue_news) {
        wanted = 0xffff;
        child->continue_news = false;
    } else {
        told = false;
    }
    if (got != (told ? pid : 0))
        fail("wait4", got, told ? pid : 0);
    result_is(status, wanted);
}

/* Any child: the one that was born first among those that have ended. */
static void do_wait_any(void)
{
    struct child *first = NULL;
    bool any = false;
    int status = 0;

    CALL("wait4(-1)");
    for (struct child *child = children; child < children + CHILDREN; child++) {
        any |= child->pid != 0;
        if (child->pid && child->what == ENDED && (!first || child->born < first->born))
            first = child;
    }
    long got = RAW(wait4, ANY_CHILD, &status, WNOHANG, 0);
    if (first) {
        if (got != first->pid)
            fail("wait4(-1)", got, first->pid);
        result_is(status, first->status);
        first->pid = 0;
        return;
    }
    result_is(got, any ? 0 : -ECHILD);
}

static void do_group(void)
{
    struct child *child = &children[pick(CHILDREN)];
    int self = getpid(), way = (int)pick(5);

    CALL("groups, way %d, child %d", way, (int)(child - children));
    if (way == 0)
        result_is(RAW(setpgid, NOBODY, 0), -ESRCH);
    else if (way == 1)
        result_is(RAW(setpgid, 0, -1), -EINVAL);
    else if (way == 2)
        result_is(RAW(getpgid, pick(2) ? NOBODY : -1), -ESRCH);
    else if (!child->pid)
        return;
    else if (way == 3 && child->what != ENDED) {
        bool own = pick(2);
        result_is(RAW(setpgid, child->pid, own ? 0 : self), 0);
        child->group = own ? child->pid : self;
    } else if (way == 4) {
        result_is(RAW(getpgid, child->pid) == child->group, true);
        result_is(RAW(getsid, child->pid) == self, true);
    }
}

static char thread_stack[16384] __attribute__((aligned(16)));
static _Atomic int thread_tid, thread_ran;

/* A thread without a libc: it counts and ends. => its tid, -errno */
static long raw_thread(unsigned long flags)
{
    long result;
    register long r10 __asm__("r10") = (long)&thread_tid;
    register long r8 __asm__("r8") = 0;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "lock incl %[ran]\n\t"
                     "mov $60, %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result), [ran] "+m"(thread_ran)
                     : "a"(SYS_clone), "D"(flags), "S"(thread_stack + sizeof(thread_stack)), "d"(&thread_tid),
                       "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static void do_thread(void)
{
    const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED;
    static const unsigned long missing[] = {0, 0, 0, CLONE_VM, CLONE_SIGHAND};
    unsigned long without = missing[pick(5)];
    int before = thread_ran, tid;

    CALL("clone without %#lx", without);
    if (without) {
        result_is(raw_thread(flags & ~without), -EINVAL);
        return;
    }
    if (raw_thread(flags) <= 0)
        fail("clone", -errno, 1);
    while ((tid = thread_tid) != 0)
        syscall(SYS_futex, &thread_tid, 0 /* WAIT */, tid, NULL, NULL, 0);
    result_is(thread_ran - before, 1);
}

/* ---- limits and small things --------------------------------------------------------------------------- */

static void do_limits(void)
{
    static const int resources[] = {RLIMIT_CORE, RLIMIT_CPU, RLIMIT_RSS};
    static struct rlimit known[3];
    static bool asked;
    int i = (int)pick(3);
    unsigned long values[] = {0, 1, 4095, 4096, 1UL << 40, RLIM_INFINITY, RLIM_INFINITY - 1};
    struct rlimit got, wanted;

    for (int k = 0; k < 3 && !asked; k++)
        getrlimit(resources[k], &known[k]);
    asked = true;
    CALL("prlimit(%d)", i);
    result_is(RAW(prlimit64, 0, resources[i], 0, &got), 0);
    if (got.rlim_cur != known[i].rlim_cur || got.rlim_max != known[i].rlim_max)
        fail("limit", (long)got.rlim_cur, (long)known[i].rlim_cur);
    wanted = (struct rlimit){1UL << 40 | values[pick(7)], known[i].rlim_max};
    bool good = wanted.rlim_cur <= wanted.rlim_max;
    result_is(RAW(setrlimit, resources[i], &wanted), good ? 0 : -EINVAL);
    if (good)
        known[i] = wanted;
    result_is(RAW(prlimit64, 0, 16 + (int)pick(3), 0, &got), -EINVAL);
    result_is(RAW(prlimit64, NOBODY, 0, 0, &got), -ESRCH);
    result_is(RAW(getrlimit, resources[i], (void *)8), -EFAULT);
}

static void do_small(void)
{
    static unsigned mask = 022;
    unsigned next = (unsigned)pick(01777);

    CALL("umask(%o)", next);
    result_is(RAW(umask, next), mask);
    mask = next & 0777;
    CALL("small calls");
    result_is(RAW(getppid) >= 0, true);
    result_is(RAW(gettid) == RAW(getpid), true);
    result_is(RAW(sched_yield), 0);
    result_is(RAW(getrusage, 5, bytes), -EINVAL);
    result_is(RAW(kill, NOBODY, 0), -ESRCH);
    result_is(RAW(tgkill, getpid(), -1, 0), -EINVAL);
    result_is(RAW(sigaltstack, 8, 0), -EFAULT);
    result_is(RAW(nanosleep, 8, 0), -EFAULT);
}

static const struct {
    void (*call)(void);
    unsigned weight;
} calls[] = {
    {do_dup, 12},     {do_dup_to, 12}, {do_close, 20}, {do_pipe, 10},       {do_open, 4},       {do_read, 14},
    {do_write, 14},   {do_seek, 6},    {do_flags, 6},  {do_close_range, 3}, {do_send, 10},      {do_mask, 8},
    {do_take, 8},     {do_pending, 3}, {do_action, 2}, {do_fork, 2},        {do_kill_child, 4}, {do_wait, 5},
    {do_wait_any, 2}, {do_group, 3},   {do_thread, 1}, {do_limits, 2},      {do_small, 2},
};

int main(int argc, char **argv)
{
    const struct rlimit few = {FDS, FDS};
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    unsigned total = 0;

    seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    state = seed * 2654435769UL + 1;
    pid_t inner = fork(); /* a session's leader that no shell and no group stands in the way of */
    if (inner != 0) {
        int status = -1;
        waitpid(inner, &status, 0);
        if (!WIFEXITED(status))
            say("seed %lu: ended by signal %d", seed, WTERMSIG(status));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
    }
    setsid();
    umask(022);
    signal(SIGPIPE, SIG_IGN);
    unsigned long none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
    for (int i = 0; i < NUMBERS; i++)
        sigaction(numbers[i], &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
    syscall(SYS_close_range, 3, ~0U, 0);
    for (int fd = 0; fd < FDS; fd++)
        fds[fd].object = -1;
    for (int fd = 0; fd < 3; fd++) {
        objects[OBJECTS - 1 - fd] = (struct object){.kind = FILE_RW, .refs = 1000, .peer = -1};
        fds[fd].object = OBJECTS - 1 - fd;
    }
    setrlimit(RLIMIT_NOFILE, &few);
    child_ready = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        total += calls[i].weight;
    for (call_number = 1; call_number <= count; call_number++) {
        unsigned at = (unsigned)pick(total), i = 0;
        for (; at >= calls[i].weight; i++)
            at -= calls[i].weight;
        calls[i].call();
    }
    for (int i = 0; i < CHILDREN; i++)
        if (children[i].pid)
            kill(children[i].pid, SIGKILL);
    while (wait(NULL) > 0)
        ;
    say("seed %lu: %lu calls, hash %016lx", seed, count, hash);
    say("passed");
    return 0;
}
