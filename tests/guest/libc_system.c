/* SPDX-License-Identifier: MIT */
/* libc_system.c - what a program asks about the system and about itself: limits of files, words, names, directories. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "check.h"

static void limits(void)
{
    static const struct {
        const char *what;
        int name;
        long wanted;
    } all[] = {
        {"NAME_MAX", _PC_NAME_MAX, 255},   {"PATH_MAX", _PC_PATH_MAX, 4096},
        {"PIPE_BUF", _PC_PIPE_BUF, 4096},  {"MAX_CANON", _PC_MAX_CANON, 255},
        {"MAX_INPUT", _PC_MAX_INPUT, 255}, {"CHOWN_RESTRICTED", _PC_CHOWN_RESTRICTED, 1},
        {"NO_TRUNC", _PC_NO_TRUNC, 1},     {"VDISABLE", _PC_VDISABLE, 0},
    };
    int fd = open("/tmp", O_RDONLY), ends[2];

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        expect(all[i].what, pathconf("/tmp", all[i].name), all[i].wanted);
        expect("    of a descriptor", fpathconf(fd, all[i].name), all[i].wanted);
    }
    if (pipe(ends) == 0)
        expect("PIPE_BUF of a pipe", fpathconf(ends[1], _PC_PIPE_BUF), 4096);
    errno = 0;
    expect("SYMLINK_MAX", pathconf("/tmp", _PC_SYMLINK_MAX), -1);
    expect("    that is no error", errno, 0);
    expect_error("no such limit", pathconf("/tmp", 77), EINVAL);
    expect_error("    of a descriptor", fpathconf(fd, -1), EINVAL);
    close(fd), close(ends[0]), close(ends[1]);
}

/* What every one of our libraries has: POSIX's version, a yes, or a number. */
static void options(void)
{
    static const struct {
        const char *what;
        int name;
        long wanted;
    } all[] = {
        {"THREADS", _SC_THREADS, 200809},
        {"THREAD_SAFE_FUNCTIONS", _SC_THREAD_SAFE_FUNCTIONS, 200809},
        {"THREAD_PROCESS_SHARED", _SC_THREAD_PROCESS_SHARED, 200809},
        {"BARRIERS", _SC_BARRIERS, 200809},
        {"READER_WRITER_LOCKS", _SC_READER_WRITER_LOCKS, 200809},
        {"SPIN_LOCKS", _SC_SPIN_LOCKS, 200809},
        {"SEMAPHORES", _SC_SEMAPHORES, 200809},
        {"SHARED_MEMORY_OBJECTS", _SC_SHARED_MEMORY_OBJECTS, 200809},
        {"THREAD_PRIORITY_SCHEDULING", _SC_THREAD_PRIORITY_SCHEDULING, 200809},
        {"CPUTIME", _SC_CPUTIME, 200809},
        {"TIMERS", _SC_TIMERS, 200809},
        {"TIMEOUTS", _SC_TIMEOUTS, 200809},
        {"MONOTONIC_CLOCK", _SC_MONOTONIC_CLOCK, 200809},
        {"MAPPED_FILES", _SC_MAPPED_FILES, 200809},
        {"MEMLOCK", _SC_MEMLOCK, 200809},
        {"REALTIME_SIGNALS", _SC_REALTIME_SIGNALS, 200809},
        {"SPAWN", _SC_SPAWN, 200809},
        {"JOB_CONTROL", _SC_JOB_CONTROL, 1},
        {"SAVED_IDS", _SC_SAVED_IDS, 1},
        {"SHELL", _SC_SHELL, 1},
        {"V7_LP64_OFF64", _SC_V7_LP64_OFF64, 1},
        {"V7_ILP32_OFF32", _SC_V7_ILP32_OFF32, -1},
        {"LOGIN_NAME_MAX", _SC_LOGIN_NAME_MAX, 256},
        {"TTY_NAME_MAX", _SC_TTY_NAME_MAX, 32},
        {"IOV_MAX", _SC_UIO_MAXIOV, 1024},
        {"NZERO", _SC_NZERO, 20},
        {"SEM_VALUE_MAX", _SC_SEM_VALUE_MAX, 2147483647},
        {"THREAD_DESTRUCTOR_ITERATIONS", _SC_THREAD_DESTRUCTOR_ITERATIONS, 4},
        {"THREAD_THREADS_MAX", _SC_THREAD_THREADS_MAX, -1},
    };

    errno = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        expect(all[i].what, sysconf(all[i].name), all[i].wanted);
    expect("none of it is an error", errno, 0);
    expect_error("no such number", sysconf(7777), EINVAL);
}

static void words(void)
{
    char text[32] = "untouched";

    expect("confstr: size", (long)confstr(_CS_PATH, NULL, 0), 14);
    expect("    nothing has room", (long)confstr(_CS_PATH, text, 0), 14);
    say("    %s", text);
    expect("    all of it", (long)confstr(_CS_PATH, text, sizeof(text)), 14);
    say("    %s", text);
    expect("    a part", (long)confstr(_CS_PATH, text, 5), 14);
    say("    %s", text);
    errno = 0;
    expect("    nothing of the kind", (long)confstr(7777, text, sizeof(text)), 0);
    say("    %s", error_name(errno));
}

static void names(void)
{
    char name[128] = "";
    struct utsname system;

    uname(&system);
    expect("getdomainname", getdomainname(name, sizeof(name)), 0);
    expect("    as in uname", strcmp(name, system.domainname), 0);
    const char *login = getlogin();
    expect("getlogin_r knows what getlogin does", (getlogin_r(name, sizeof(name)) == 0) == (login != NULL),
           1);
    expect("    the same name", login != NULL && strcmp(login, name) != 0, 0);
}

static void descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    expect("getdtablesize", getdtablesize(), 64);
}

static void here(const char *said)
{
    setenv("PWD", said, 1);
    char *name = get_current_dir_name();
    say("PWD %s: %s", said, name ? name : error_name(errno));
    free(name);
}

static void directories(void)
{
    (void)!mkdir("/tmp/libc_system", 0700);
    (void)!symlink("libc_system", "/tmp/libc_link");
    (void)!chdir("/tmp/libc_link");
    here("/tmp/libc_link");
    here("/tmp/libc_system");
    here("/tmp");
    here("/not/there");
    here("");
    unsetenv("PWD");
    char *name = get_current_dir_name();
    say("no PWD: %s", name);
    free(name);
    unlink("/tmp/libc_link");
    here("/tmp/libc_link");
    rmdir("/tmp/libc_system");
    here("/tmp/libc_system");
}

static void swapped(ssize_t count)
{
    char to[] = "........";

    swab("abcdefg", to, count);
    say("swab %zd: %s", count, to);
}

int main(void)
{
    limits();
    options();
    words();
    names();
    descriptors();
    directories();
    swapped(6);
    swapped(5);
    swapped(1);
    swapped(0);
    swapped(-4);
    return finish();
}
