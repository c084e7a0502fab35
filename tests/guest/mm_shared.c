/* SPDX-License-Identifier: MIT */
/* mm_shared.c - MAP_SHARED: anonymous, of files and of /dev/zero; the end of the file, before and after it moves; msync. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define FILE_NAME "/tmp/faultline-mm-shared"

static void try(const char *what, size_t length, int protection, int flags, int fd, int error)
{
    errno = 0;
    void *got = mmap(NULL, length, protection, flags, fd, 0);

    expect_error(what, got == MAP_FAILED ? -1 : 0, error);
    if (got != MAP_FAILED)
        munmap(got, length);
}

static void errors(void)
{
    int read_only = open(FILE_NAME, O_RDONLY), write_only = open(FILE_NAME, O_WRONLY),
        both = open(FILE_NAME, O_RDWR);
    int null = open("/dev/null", O_RDWR);

    try("read-only file, shared and writable", PAGE, RW, MAP_SHARED, read_only, EACCES);
    try("read-only file, private and writable", PAGE, RW, MAP_PRIVATE, read_only, 0);
    try("write-only file", PAGE, PROT_WRITE, MAP_SHARED, write_only, EACCES);
    try("write-only file, private", PAGE, PROT_READ, MAP_PRIVATE, write_only, EACCES);
    try("a device without memory", PAGE, PROT_READ, MAP_SHARED, null, ENODEV);
    try("validated, known flags", PAGE, RW, MAP_SHARED_VALIDATE | MAP_NORESERVE, both, 0);
    try("validated, unknown flag", PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, both, EOPNOTSUPP);
    try("not validated, unknown flag", PAGE, RW, MAP_SHARED | 0x200000, both, 0);
    try("validated, anonymous", PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, EINVAL);
    try("grows down, shared", PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, EINVAL);
    try("grows down, a file", PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, both, EINVAL);
    try("large pages of a file", PAGE, RW, MAP_PRIVATE | MAP_HUGETLB, both, EINVAL);
    try("large pages", 2UL << 20, RW, ANON | MAP_HUGETLB, -1, ENOMEM);
    try("executables are not written to", PAGE, RW, MAP_PRIVATE | MAP_DENYWRITE | MAP_EXECUTABLE, both, 0);
    close(read_only), close(write_only), close(both), close(null);
}

static void child_writes(void *address)
{
    memset((char *)address + PAGE, 'c', PAGE);
}

static void anonymous(const char *what, int flags, int fd)
{
    char *at = mmap(NULL, 4 * PAGE, RW, flags, fd, 0);

    say("%s", what);
    expect("reads zero", at[0] | at[4 * PAGE - 1], 0);
    expect("read, resident kB", smaps_kb(at, "Rss:"), flags & MAP_SHARED ? 8 : 0);
    expect_signal("a child writes", child_writes, at, 0);
    expect("and is seen", at[PAGE], flags & MAP_SHARED ? 'c' : 0);
    munmap(at, 4 * PAGE);
}

static int file_holds(int file, off_t at, char byte)
{
    char got = 0;

    return pread(file, &got, 1, at) == 1 && got == byte;
}

static void of_a_file(void)
{
    int file = open(FILE_NAME, O_RDWR);
    char *one = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0),
         *two = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, PAGE);
    char *own = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, file, 0);

    one[PAGE + 7] = 'm';
    expect("a mapping's write: the file", file_holds(file, PAGE + 7, 'm'), 1);
    expect("the other mapping", two[7], 'm');
    expect("the private one", own[PAGE + 7], 'm');
    own[PAGE + 7] = 'p';
    expect("the private one's write: the file", file_holds(file, PAGE + 7, 'm'), 1);
    expect("a file's write", pwrite(file, "w", 1, PAGE + 7), 1);
    expect("the mapping", one[PAGE + 7], 'w');
    expect("the private one keeps its copy", own[PAGE + 7], 'p');
    expect_signal("a child writes", child_writes, one, 0);
    expect("the file", file_holds(file, 2 * PAGE - 1, 'c'), 1);
    errno = 0;
    expect_error("a read-only file cannot be made writable",
                 mprotect(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open(FILE_NAME, O_RDONLY), 0), PAGE, RW),
                 EACCES);
    expect_error("sync", msync(one, 4 * PAGE, MS_SYNC), 0);
    expect_error("sync: not aligned", msync(one + 1, PAGE, MS_SYNC), EINVAL);
    expect_error("sync: both kinds", msync(one, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    expect_error("sync: unknown kind", msync(one, PAGE, 8), EINVAL);
    expect_error("sync: no kind", msync(one, PAGE, 0), 0);
    expect_error("sync: wraps around", msync(one, ~0UL - PAGE, MS_SYNC), ENOMEM);
    munmap(one + PAGE, PAGE);
    expect_error("sync: over a hole", msync(one, 4 * PAGE, MS_SYNC), ENOMEM);
    munmap(one, 4 * PAGE), munmap(two, 2 * PAGE), munmap(own, 4 * PAGE);
    close(file);
}

static void on_bus(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGBUS && info->si_code == BUS_ADRERR ? 40 : 41);
}

static void touch_with_handler(void *address)
{
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};

    sigaction(SIGBUS, &action, NULL);
    write_byte(address);
}

static void the_end_moves(void)
{
    int file = open(FILE_NAME, O_RDWR);
    char *shared = mmap(NULL, 6 * PAGE, RW, MAP_SHARED, file, 0),
         *own = mmap(NULL, 6 * PAGE, RW, MAP_PRIVATE, file, 0);

    expect_signal("beyond the end", read_byte, shared + 4 * PAGE, SIGBUS);
    expect_signal("beyond the end, private", write_byte, own + 4 * PAGE, SIGBUS);
    expect("with a handler: BUS_ADRERR", WEXITSTATUS(in_child(touch_with_handler, shared + 5 * PAGE)), 40);
    memset(shared, 's', 4 * PAGE);
    own[0] = own[3 * PAGE] = 'o';
    expect("resident kB", smaps_kb(shared, "Rss:"), 16);
    expect_error("the file shrinks", ftruncate(file, PAGE + 100), 0);
    expect("resident kB, shared", smaps_kb(shared, "Rss:"), 8);
    expect("resident kB, private", smaps_kb(own, "Rss:"), 4);
    expect("before the end", shared[PAGE + 99], 's');
    expect("behind it in the same page", shared[PAGE + 100], 0);
    expect("the private copy before it", own[0], 'o');
    expect_signal("a page that is gone", read_byte, shared + 2 * PAGE, SIGBUS);
    expect_signal("a private copy that is gone", read_byte, own + 3 * PAGE, SIGBUS);
    expect_error("the file grows", ftruncate(file, 6 * PAGE), 0);
    expect("what was cut off reads zero", shared[3 * PAGE], 0);
    expect("in private too", own[3 * PAGE], 0);
    expect_signal("the last page", write_byte, shared + 5 * PAGE, 0);
    expect("written by a child", shared[5 * PAGE], 1);
    close(open(FILE_NAME, O_RDWR | O_TRUNC));
    expect_signal("nothing is left", read_byte, shared, SIGBUS);
    munmap(shared, 6 * PAGE), munmap(own, 6 * PAGE);
    close(file);
}

static void flags(void)
{
    char *at = mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    expect("populated, shared: resident kB", smaps_kb(at, "Rss:"), 32);
    munmap(at, 8 * PAGE);
    at = mmap(NULL, 8 * PAGE, RW, ANON | MAP_POPULATE | MAP_NONBLOCK, -1, 0);
    expect("populated without waiting: resident kB", smaps_kb(at, "Rss:"), 0);
    munmap(at, 8 * PAGE);
    at = mmap(NULL, 8 * PAGE, PROT_NONE, ANON | MAP_POPULATE, -1, 0);
    expect("populated without access: resident kB", smaps_kb(at, "Rss:"), 0);
    munmap(at, 8 * PAGE);
}

int main(void)
{
    int file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600), zero = open("/dev/zero", O_RDWR);

    expect_error("the file", ftruncate(file, 4 * PAGE), 0);
    close(file);
    errors();
    anonymous("anonymous, shared", MAP_SHARED | MAP_ANONYMOUS, -1);
    anonymous("/dev/zero, shared", MAP_SHARED, zero);
    anonymous("/dev/zero, private", MAP_PRIVATE, zero);
    of_a_file();
    the_end_moves();
    flags();
    unlink(FILE_NAME);
    return finish();
}
