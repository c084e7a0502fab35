/* SPDX-License-Identifier: MIT */
/* errors_processes.c - what the calls on processes, threads, signals, time and the machine refuse, and their flags. */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>

#include "errors.h"

#define BAD_SIGNAL 65

static void life(void)
{
    char *empty[] = {NULL}, *one[] = {"x", NULL}, *wild[] = {BAD, NULL};
    static char text[] = "just text";
    int file = open("/tmp/errors_exec", O_WRONLY | O_CREAT | O_TRUNC, 0755);

    (void)!write(file, text, sizeof(text));
    close(file);
    ROW(execve, "/nothing", one, empty);
    ROW(execve, "/tmp", one, empty);
    ROW(execve, "/dev/null", one, empty);
    ROW(execve, "/dev/null/x", one, empty);
    ROW(execve, "", one, empty);
    ROW(execve, BAD, one, empty);
    ROW(execve, "/proc/self/exe", BAD, empty);
    ROW(execve, "/proc/self/exe", one, BAD);
    ROW(execve, "/proc/self/exe", wild, empty);
    ROW(execve, "/tmp/errors_exec", one, empty);
    chmod("/tmp/errors_exec", 0644);
    ROW(execve, "/tmp/errors_exec", one, empty);
    unlink("/tmp/errors_exec");
    ROW(clone, CLONE_THREAD, 0, 0, 0, 0);
    ROW(clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
    ROW(clone, CLONE_SIGHAND, 0, 0, 0, 0);
    ROW(clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0);
    ROW(wait4, -1, 0, 0, 0);
    ROW(wait4, 0, 0, 0, 0);
    ROW(wait4, NOBODY, 0, 0, 0);
    ROW(wait4, -NOBODY, 0, 0, 0);
    ROW(wait4, INT32_MIN, 0, 0, 0);
    ROW(wait4, -1, 0, 0x1000, 0);
    ROW(wait4, -1, 0, WNOHANG | WUNTRACED | 8 /* CONTINUED */, 0);
    ROW(wait4, -1, 0, 0x20000000 /* __WNOTHREAD */, 0);
    ROW(wait4, -1, 0, 4, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(3);
    ROW(waitid, 9, 0, at, WEXITED, 0);
    ROW(waitid, P_PID, NOBODY, at, WEXITED, 0);
    ROW(waitid, P_PID, 0, at, WEXITED, 0);
    ROW(waitid, P_PGID, -1, at, WEXITED, 0);
    ROW(waitid, P_ALL, 0, at, 0, 0);
    ROW(waitid, P_ALL, 0, at, WEXITED | 0x100, 0);
    ROW(waitid, P_PID, child, at, WEXITED | 0x1000000 /* NOWAIT */, 0);
    ROW(waitid, P_PID, child, BAD, WEXITED | 0x1000000 /* NOWAIT */, 0);
    ROW(wait4, child, BAD, 0, 0);
    ROW(wait4, child, 0, WNOHANG, 0);
    if ((child = fork()) == 0)
        _exit(3);
    ROW(wait4, child, 0, 0, BAD);
}

static void identity(void)
{
    int ids[4];

    ROW(getpgid, NOBODY);
    ROW(getpgid, -1);
    ROW(getsid, NOBODY);
    ROW(getsid, -1);
    ROW(setpgid, NOBODY, 0);
    ROW(setpgid, 0, -1);
    ROW(setpgid, -1, 0);
    ROW(setpgid, 0, NOBODY);
    ROW(setpgid, 1, 0);
    ROW(setpgid, 0, 0);
    ROW(setsid);
    ROW(getgroups, -1, ids);
    ROW(getresuid, BAD, at, at);
    ROW(getresgid, at, at, BAD);
    ROW(setuid, -1);
    ROW(setgid, -1);
    ROW(setgroups, 65537, at);
    ROW(setgroups, 1, BAD);
    ROW(personality, -1);
    ROW(arch_prctl, 0x9999, 0);
    ROW(arch_prctl, 0x1002 /* SET_FS */, 1L << 48);
    ROW(arch_prctl, 0x1003 /* GET_FS */, BAD);
    ROW(prctl, 9999, 0, 0, 0, 0);
    ROW(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    ROW(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
    ROW(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ROW(prctl, PR_SET_NAME, BAD, 0, 0, 0);
    ROW(prctl, PR_GET_NAME, BAD, 0, 0, 0);
    ROW(prctl, PR_SET_DUMPABLE, 7, 0, 0, 0);
    ROW(prctl, PR_SET_PDEATHSIG, 99, 0, 0, 0);
    ROW(capget, BAD, at);
    ROW(capset, BAD, at);
    ROW(uname, BAD);
    ROW(sysinfo, BAD);
    ROW(times, BAD);
    ROW(getcpu, BAD, 0, 0);
    ROW(getrandom, at, 10, 64);
    ROW(getrandom, at, 10, 2 | 4);
    ROW(getrandom, BAD, 10, 0);
    ROW(getrandom, at, 10, 1 | 2);
    ROW(reboot, 0, 0, 0, 0);
    ROW(reboot, 0xfee1dead, 0, 0, 0);
    ROW(reboot, 0xfee1dead, 672274793, 12345, 0);
}

static void limits(void)
{
    struct rlimit limit = {100, 50};

    ROW(getrlimit, 77, &limit);
    ROW(getrlimit, RLIMIT_AS, BAD);
    ROW(setrlimit, 77, &limit);
    ROW(setrlimit, RLIMIT_CORE, &limit);
    ROW(setrlimit, RLIMIT_AS, BAD);
    limit = (struct rlimit){1UL << 40, 1UL << 40};
    ROW(setrlimit, RLIMIT_NOFILE, &limit);
    ROW(prlimit64, 0, 77, 0, 0);
    ROW(prlimit64, NOBODY, RLIMIT_AS, 0, 0);
    ROW(prlimit64, 0, RLIMIT_AS, 0, BAD);
    ROW(prlimit64, 0, RLIMIT_AS, BAD, 0);
    ROW(prlimit64, 0, RLIMIT_AS, 0, 0);
    ROW(getrusage, 5, at);
    ROW(getrusage, RUSAGE_SELF, BAD);
    ROW(getrusage, RUSAGE_CHILDREN, at);
    ROW(getrusage, 1 /* THREAD */, at);
    ROW(getpriority, 9, 0);
    ROW(getpriority, PRIO_PROCESS, NOBODY);
    ROW(getpriority, PRIO_PROCESS, 0);
    ROW(setpriority, 9, 0, 0);
    ROW(setpriority, PRIO_PROCESS, NOBODY, 0);
    ROW(sched_getaffinity, 0, 1, at);
    ROW(sched_getaffinity, 0, 12, at);
    ROW(sched_getaffinity, NOBODY, 128, at);
    ROW(sched_getaffinity, 0, 128, BAD);
    ROW(sched_setaffinity, NOBODY, 128, at);
    ROW(sched_setaffinity, 0, 128, BAD);
    memset(at, 0, 128);
    ROW(sched_setaffinity, 0, 128, at);
    ROW(sched_getscheduler, NOBODY);
    ROW(sched_getscheduler, -1);
    ROW(sched_getparam, NOBODY, at);
    ROW(sched_getparam, 0, 0);
    ROW(sched_getparam, 0, BAD);
    ROW(sched_setscheduler, 0, 99, at);
    ROW(sched_setscheduler, NOBODY, SCHED_OTHER, at);
    ROW(sched_setscheduler, 0, SCHED_OTHER, BAD);
    ROW(sched_get_priority_max, 99);
    ROW(sched_get_priority_min, 99);
    ROW(sched_get_priority_max, SCHED_FIFO);
    ROW(sched_rr_get_interval, NOBODY, at);
    ROW(sched_rr_get_interval, 0, BAD);
    ROW(sched_yield);
}

static void signals(void)
{
    pid_t self = getpid();
    stack_t small = {.ss_sp = at, .ss_size = 100}, flags = {.ss_sp = at, .ss_size = 9000, .ss_flags = 8};
    siginfo_t info = {.si_code = SI_USER};
    struct timespec zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0};

    ROW(kill, NOBODY, 0);
    ROW(kill, -NOBODY, 0);
    ROW(kill, INT32_MIN, 0);
    ROW(kill, self, BAD_SIGNAL);
    ROW(kill, self, -1);
    ROW(kill, self, 0);
    ROW(kill, 0, 0);
    ROW(tkill, 0, 0);
    ROW(tkill, -1, 0);
    ROW(tkill, NOBODY, 0);
    ROW(tkill, self, BAD_SIGNAL);
    ROW(tgkill, self, self, 0);
    ROW(tgkill, self, self, BAD_SIGNAL);
    ROW(tgkill, 1, self, 0);
    ROW(tgkill, NOBODY, self, 0);
    ROW(tgkill, -1, self, 0);
    ROW(tgkill, self, 0, 0);
    ROW(rt_sigqueueinfo, NOBODY, 0, &info);
    ROW(rt_sigqueueinfo, self, BAD_SIGNAL, &info);
    ROW(rt_sigqueueinfo, self, 0, BAD);
    ROW(rt_sigqueueinfo, 1, 0, &info);
    ROW(rt_tgsigqueueinfo, self, NOBODY, 0, &info);
    ROW(rt_tgsigqueueinfo, -1, self, 0, &info);
    ROW(rt_tgsigqueueinfo, self, self, 0, BAD);
    ROW(rt_sigaction, 0, 0, at, 8);
    ROW(rt_sigaction, BAD_SIGNAL, 0, at, 8);
    memset(at, 0, 64);
    ROW(rt_sigaction, SIGKILL, at, 0, 8);
    ROW(rt_sigaction, SIGSTOP, at, 0, 8);
    ROW(rt_sigaction, SIGKILL, 0, at, 8);
    ROW(rt_sigaction, SIGUSR1, BAD, 0, 8);
    ROW(rt_sigaction, SIGUSR1, 0, BAD, 8);
    ROW(rt_sigaction, SIGUSR1, 0, 0, 4);
    ROW(rt_sigprocmask, 5, at, 0, 8);
    ROW(rt_sigprocmask, 5, 0, 0, 8);
    ROW(rt_sigprocmask, 0, BAD, 0, 8);
    ROW(rt_sigprocmask, 0, 0, BAD, 8);
    ROW(rt_sigprocmask, 0, at, 0, 16);
    ROW(rt_sigpending, BAD, 8);
    ROW(rt_sigpending, at, 16);
    ROW(rt_sigpending, at, 4);
    ROW(rt_sigsuspend, BAD, 8);
    ROW(rt_sigsuspend, at, 4);
    ROW(rt_sigtimedwait, BAD, 0, 0, 8);
    ROW(rt_sigtimedwait, at, 0, &zero, 8);
    ROW(rt_sigtimedwait, at, 0, &bad, 8);
    ROW(rt_sigtimedwait, at, 0, &negative, 8);
    ROW(rt_sigtimedwait, at, 0, BAD, 8);
    ROW(rt_sigtimedwait, at, 0, &zero, 4);
    ROW(sigaltstack, BAD, 0);
    ROW(sigaltstack, 0, BAD);
    ROW(sigaltstack, &small, 0);
    ROW(sigaltstack, &flags, 0);
}

static void times_and_waits(void)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, zero = {0, 0}, soon = {0, 1000};
    struct itimerval bad_timer = {{0, 0}, {0, 1000000}}, negative_timer = {{0, 0}, {-1, 0}};
    int *word = (int *)at;

    *word = 5;
    ROW(nanosleep, &bad, 0);
    ROW(nanosleep, &negative, 0);
    ROW(nanosleep, BAD, 0);
    ROW(nanosleep, &zero, BAD);
    ROW(clock_nanosleep, 99, 0, &zero, 0);
    ROW(clock_nanosleep, CLOCK_REALTIME, 0, &bad, 0);
    ROW(clock_nanosleep, CLOCK_MONOTONIC, 0, BAD, 0);
    ROW(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &zero, 0);
    ROW(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &zero, 0);
    ROW(clock_gettime, 99, at + 64);
    ROW(clock_gettime, 0, BAD);
    ROW(clock_getres, 99, at + 64);
    ROW(clock_getres, 0, 0);
    ROW(clock_getres, 0, BAD);
    ROW(clock_settime, 99, &zero);
    ROW(clock_settime, CLOCK_MONOTONIC, &zero);
    ROW(clock_settime, CLOCK_REALTIME, &bad);
    ROW(clock_settime, CLOCK_REALTIME, BAD);
    ROW(gettimeofday, BAD, 0);
    ROW(time, BAD);
    ROW(clock_gettime, ~getpid() * 8 + 2, at + 64); /* CPUCLOCK_SCHED of a process */
    ROW(clock_gettime, ~getpid() * 8 + 6, at + 64); /* of a thread */
    ROW(clock_gettime, ~NOBODY * 8 + 2, at + 64);
    ROW(clock_gettime, ~NOBODY * 8 + 6, at + 64);
    ROW(clock_gettime, ~getpid() * 8 + 3, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, 0, at + 64);
    int timer = *(int *)(at + 64), strange = 99, none[16] = {[3] = SIGEV_NONE};
    int no_signal[16] = {[2] = 0}, large_signal[16] = {[2] = 65}, what[16] = {[2] = 10, [3] = 9};
    int no_thread[16] = {[2] = 10, [3] = 4 /* SIGEV_THREAD_ID */, [4] = NOBODY},
        own_thread[16] = {[2] = 10, [3] = 4, [4] = getpid()};
    ROW(timer_create, CLOCK_REALTIME, none, at + 64);
    ROW(timer_create, CLOCK_PROCESS_CPUTIME_ID, own_thread, at + 64);
    ROW(timer_create, ~getpid() * 8 + 6, own_thread, at + 64);
    ROW(timer_create, ~1 * 8 + 6, own_thread, at + 64);
    ROW(timer_create, 99, 0, at + 64);
    ROW(timer_create, CLOCK_REALTIME_COARSE, 0, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC_RAW, 0, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, BAD, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, 0, BAD);
    ROW(timer_create, CLOCK_MONOTONIC, no_signal, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, large_signal, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, what, at + 64);
    ROW(timer_create, CLOCK_MONOTONIC, no_thread, at + 64);
    const long setting[4] = {0}, bad_interval[4] = {[1] = 1000000000}, bad_value[4] = {[2] = -1};
    ROW(timer_settime, timer, 0, setting, at);
    ROW(timer_settime, timer, TIMER_ABSTIME, setting, 0);
    ROW(timer_settime, timer, 0xf0, setting, 0);
    ROW(timer_settime, timer, 0, bad_interval, 0);
    ROW(timer_settime, timer, 0, bad_value, 0);
    ROW(timer_settime, timer, 0, 0, 0);
    ROW(timer_settime, timer, 0, BAD, 0);
    ROW(timer_settime, timer, 0, setting, BAD);
    ROW(timer_settime, strange, 0, setting, 0);
    ROW(timer_settime, -1, 0, setting, 0);
    ROW(timer_gettime, timer, at);
    ROW(timer_gettime, timer, BAD);
    ROW(timer_gettime, strange, at);
    ROW(timer_getoverrun, timer);
    ROW(timer_getoverrun, strange);
    ROW(timer_delete, timer);
    ROW(timer_delete, timer);
    ROW(timer_delete, -1);
    ROW(getitimer, ITIMER_VIRTUAL, at + 64);
    ROW(setitimer, ITIMER_PROF, &negative_timer, 0);
    ROW(getitimer, 5, at + 64);
    ROW(getitimer, 0, BAD);
    ROW(setitimer, 5, &negative_timer, 0);
    ROW(setitimer, 0, &bad_timer, 0);
    ROW(setitimer, 0, &negative_timer, 0);
    ROW(setitimer, 0, BAD, 0);
    ROW(futex, word, FUTEX_WAIT, 4, 0, 0, 0);
    ROW(futex, word, FUTEX_WAIT, 5, &soon, 0, 0);
    ROW(futex, word, FUTEX_WAIT, 5, &bad, 0, 0);
    ROW(futex, word, FUTEX_WAIT, 5, BAD, 0, 0);
    ROW(futex, at + 1, FUTEX_WAIT, 5, 0, 0, 0);
    ROW(futex, BAD, FUTEX_WAIT, 5, 0, 0, 0);
    ROW(futex, 0xffff800000000000, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, 0, 0, 0);
    ROW(futex, word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 5, &soon, 0, 0);
    ROW(futex, word, FUTEX_WAIT_BITSET, 5, &soon, 0, 0);
    ROW(futex, word, FUTEX_WAIT_BITSET, 5, &soon, 0, 1);
    ROW(futex, word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &soon, 0, 1);
    ROW(futex, at + 1, FUTEX_WAKE, 1, 0, 0, 0);
    ROW(futex, BAD, FUTEX_WAKE, 1, 0, 0, 0);
    ROW(futex, word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, 0, 0, 0);
    ROW(futex, word, FUTEX_WAKE_BITSET, 1, 0, 0, 0);
    ROW(futex, word, FUTEX_REQUEUE, 1, -1L, word + 1, 0);
    ROW(futex, word, FUTEX_REQUEUE, -1, 1, word + 1, 0);
    ROW(futex, word, FUTEX_REQUEUE, 1, 1, at + 5, 0);
    ROW(futex, word, FUTEX_CMP_REQUEUE, 1, 1, word + 1, 4);
    ROW(futex, word, FUTEX_CMP_REQUEUE, 1, 1, word + 1, 5);
    ROW(futex, word, FUTEX_CMP_REQUEUE, 1, 1, BAD, 5);
    ROW(futex, word, 99, 1, 0, 0, 0);
    ROW(set_robust_list, at, 1);
    ROW(get_robust_list, NOBODY, at, at);
    say("an unknown call: %s", syscall(9999) == -1 ? error_name(errno) : "succeeded");
    say("call -1: %s", syscall(-1) == -1 ? error_name(errno) : "succeeded");
}

/* A child that only waits, in the group; 0: in its own. */
static pid_t idle(pid_t group)
{
    pid_t child = fork();

    if (child == 0)
        for (;;)
            pause();
    setpgid(child, group);
    return child;
}

/* Exits with the errno of a setsid by one that left the group of its own number, in which somebody stayed. */
static void leave_own_group(void)
{
    setpgid(0, 0);
    pid_t stays = idle(getpid()), other = idle(0);
    setpgid(0, other);
    int error = setsid() < 0 ? errno : 0;
    kill(stays, SIGKILL), kill(other, SIGKILL);
    waitpid(stays, NULL, 0), waitpid(other, NULL, 0);
    _exit(setsid() < 0 ? 99 : error);
}

static long copy_self(const char *path, int to)
{
    int from = open("/proc/self/exe", O_RDONLY);
    struct stat size;

    to = path ? open(path, O_WRONLY | O_CREAT, 0755) : to;
    fstat(from, &size);
    for (long left = size.st_size; left > 0;) {
        long moved = syscall(SYS_sendfile, to, from, NULL, left);
        if (moved <= 0)
            _exit(95);
        left -= moved;
    }
    close(from);
    return to;
}

/* => the status of a child that runs the file with one argument, or its errno; `runs`: it is left alone then, its number. */
static int run(const char *path, const char *argument, pid_t *runs)
{
    char *words[] = {"errors_processes", (char *)argument, NULL};
    int status = 0;
    pid_t child = vfork();

    if (child == 0) {
        syscall(SYS_execve, path, words, environ);
        _exit(100 + errno);
    }
    if (runs)
        *runs = child;
    else
        waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

#define BUSY "/tmp/errors_busy"
#define SCRIPT "/tmp/errors_script"

static void busy_texts(void)
{
    static const char line[] = "#!" BUSY "\n";
    pid_t child;
    int written = (int)copy_self(BUSY, -1), memory = (int)syscall(SYS_memfd_create, "text", 0);
    char name[32];

    say("written to: %s", error_name(run(BUSY, "quit", NULL) - 100));
    close(written);
    say("not any more: status %d", run(BUSY, "quit", NULL));
    written = open(SCRIPT, O_WRONLY | O_CREAT, 0755);
    (void)!write(written, line, sizeof(line) - 1);
    say("a script: %s", error_name(run(SCRIPT, "quit", NULL) - 100));
    close(written);
    say("not any more: status %d", run(SCRIPT, "quit", NULL));
    snprintf(name, sizeof(name), "/proc/self/fd/%ld", copy_self(NULL, memory));
    say("memory without a name: status %d", run(name, "quit", NULL));
    close(memory);
    run(BUSY, "wait", &child);
    ROW(open, BUSY, O_WRONLY);
    ROW(open, BUSY, O_RDWR);
    ROW(open, BUSY, O_RDONLY | O_TRUNC);
    ROW(open, BUSY, O_WRONLY | O_CREAT | O_EXCL);
    close((int)ROW(open, BUSY, O_RDONLY));
    ROW(truncate, BUSY, 0L);
    ROW(chmod, BUSY, 0700);
    kill(child, SIGKILL), waitpid(child, NULL, 0);
    ROW(truncate, BUSY, 10L);
    close((int)ROW(open, BUSY, O_WRONLY));
    unlink(BUSY), unlink(SCRIPT);
    errno = 0;
}

static void families(void)
{
    struct {
        void *handler;
        unsigned long flags, restorer, mask;
    } action = {SIG_IGN, -1UL, 0, 0};
    char *quitting[] = {"errors_processes", "quit", NULL};
    int status = 0;

    pid_t child = fork();
    if (child == 0)
        leave_own_group();
    waitpid(child, &status, 0);
    say("setsid while the group of one's own number lives: %s", error_name(WEXITSTATUS(status)));
    child = fork();
    if (child == 0) {
        if (syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0) == 0)
            _exit(7);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    pid_t brother = wait(&status);
    say("a brother: %s, status %d", brother > 0 ? "found" : error_name(errno), WEXITSTATUS(status));
    child = syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (child == 0) {
        syscall(SYS_execve, "/proc/self/exe", quitting, environ);
        _exit(1);
    }
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | __WALL);
    ROW(wait4, child, &status, 0, 0);
    say("a child that became another program: status %d", WEXITSTATUS(status));
    int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        execve("/nothing", quitting, environ);
        close(open("/dev/null", O_RDONLY));
        execve("/proc/self/exe", quitting, environ);
    }
    waitpid(child, &status, 0);
    say("status %d of one with whom the files were shared", WEXITSTATUS(status));
    ROW(fcntl, kept, F_GETFD, 0);
    close(kept);
    ROW(rt_sigaction, SIGUSR1, &action, 0, 8);
    ROW(rt_sigaction, SIGUSR1, 0, &action, 8);
    say("flags that exist: %#lx", action.flags);
}

int main(int argc, char **argv)
{
    while (argc > 1 && strcmp(argv[1], "wait") == 0)
        pause();
    if (argc > 1)
        return 5;
    setsid();
    at = island(4);
    memset(at, 0, 4 * PAGE);
    life();
    identity();
    limits();
    signals();
    times_and_waits();
    families();
    busy_texts();
    return table_end();
}
