/* SPDX-License-Identifier: MIT */
/* sys_pipe.c - pipes without a name: bytes of all sizes at all places, memory that is not there, who waits and who is woken. pipe(7). */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"

#define CAPACITY 65536
#define LARGE (5 * CAPACITY / 2)

static volatile int caught;

static void on_signal(int number)
{
    caught = number;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static void pipe_of(int ends[2], int flags)
{
    if (pipe2(ends, flags) != 0)
        _exit(98);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static char *fresh_pages(size_t count)
{
    return mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static unsigned char letter(size_t place)
{
    return (unsigned char)(place * 7 + place / 251);
}

static size_t wrong_letters(const unsigned char *bytes, size_t count, size_t place)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong += bytes[i] != letter(place + i);
    return wrong;
}

/* Every size from one byte to beyond a page, at places that wander through the pipe's pages. */
static void sizes(void)
{
    static unsigned char out[PAGE + 2], in[PAGE + 2];
    size_t place = 0, wrong = 0;
    int ends[2];

    pipe_of(ends, 0);
    for (size_t size = 1; size <= PAGE + 1; size += size < 40 ? 1 : 37) {
        for (size_t i = 0; i < size; i++)
            out[i] = letter(place + i);
        wrong += write(ends[1], out, size) != (ssize_t)size;
        wrong += read(ends[0], in, sizeof(in)) != (ssize_t)size;
        wrong += wrong_letters(in, size, place);
        place += size;
    }
    expect("sizes: wrong", (long)wrong, 0);
    expect("write nothing", write(ends[1], out, 0), 0);
    expect("read nothing of an empty pipe", read(ends[0], in, 0), 0);
    close_both(ends);
}

/* More than the pipe holds, in one write; the reader takes it in pieces of any size, into pages that it has not touched. */
static void large(void)
{
    int ends[2];

    pipe_of(ends, 0);
    pid_t child = fork();
    if (child == 0) {
        unsigned char *out = (unsigned char *)fresh_pages(LARGE / PAGE);
        for (size_t i = 0; i < LARGE; i++)
            out[i] = letter(i);
        _exit(write(ends[1], out, LARGE) == LARGE ? 0 : 1);
    }
    close(ends[1]);
    unsigned char *in = (unsigned char *)fresh_pages(LARGE / PAGE + 2);
    size_t done = 0, step = 1;
    ssize_t got;
    while ((got = read(ends[0], in + done, step)) > 0) {
        done += (size_t)got;
        step = step * 3 % 9001 + 1;
    }
    expect("large: end of file", got, 0);
    expect("large: bytes", (long)done, LARGE);
    expect("large: wrong", (long)wrong_letters(in, done, 0), 0);
    int status = -1;
    waitpid(child, &status, 0);
    expect("large: the writer", status, 0);
    munmap(in, LARGE + 2 * PAGE);
    close(ends[0]);
}

/* Both ends of a copy may lie in memory that has to be fetched first, or that is not there at all. */
static void memory(void)
{
    int ends[2], count = -1;
    char *fresh = fresh_pages(4), *gone = fresh_pages(1), *fixed = fresh_pages(1), byte = 0;

    munmap(gone, PAGE);
    fixed[0] = 'f';
    mprotect(fixed, PAGE, PROT_READ);
    pipe_of(ends, O_NONBLOCK);
    expect("write from pages never touched", write(ends[1], fresh, 100), 100);
    expect("write from the edge of two of them", write(ends[1], fresh + 2 * PAGE - 1, 2), 2);
    expect("they are zeros", read(ends[0], &byte, 1) + byte, 1);
    expect("read into a page never touched", read(ends[0], fresh + 3 * PAGE + 5, 101), 101);
    expect_error("write from nowhere", write(ends[1], gone, 1), EFAULT);
    expect_error("nothing was written", read(ends[0], &byte, 1), EAGAIN);
    expect("write from a page that is only to be read", write(ends[1], fixed, 1), 1);
    expect_error("read into it", read(ends[0], fixed, 1), EFAULT);
    expect_error("read into nowhere", read(ends[0], gone, 1), EFAULT);
    expect_error("read beyond the user half", read(ends[0], (char *)0x7ffffffff000 - 1 + 1, 1), EFAULT);
    expect_error("read at the end of all addresses", read(ends[0], (char *)-1, 1), EFAULT);
    ioctl(ends[0], FIONREAD, &count);
    expect("the byte is still there", count, 1);
    expect("read it", read(ends[0], &byte, 1), 1);
    expect("it is", byte, 'f');
    munmap(fresh, 4 * PAGE);
    munmap(fixed, PAGE);
    close_both(ends);
}

/* A buffer that is shared after fork: what arrives in the child does not show in the parent. */
static void after_fork(void)
{
    static char buffer[8] = "parent";
    int ends[2], status = -1;

    pipe_of(ends, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read(ends[0], buffer, 6) == 6 && memcmp(buffer, "CHILD!", 6) == 0 ? 0 : 1);
    expect("to the child", write(ends[1], "CHILD!", 6), 6);
    waitpid(child, &status, 0);
    expect("the child has read it", status, 0);
    expect("the parent has its own", memcmp(buffer, "parent", 6), 0);
    close_both(ends);
}

static void full(void)
{
    static char page[PAGE];
    int ends[2];
    long written = 0;
    ssize_t got;

    pipe_of(ends, O_NONBLOCK);
    while ((got = write(ends[1], page, sizeof(page))) > 0)
        written += got;
    expect_error("a full pipe", got, EAGAIN);
    expect("it holds", written, CAPACITY);
    struct pollfd one = {.fd = ends[1], .events = POLLOUT};
    expect("poll", poll(&one, 1, 0), 0);
    expect("take a page", read(ends[0], page, sizeof(page)), PAGE);
    expect("poll", poll(&one, 1, 0), 1);
    expect("a page and more goes in as far as there is room", write(ends[1], page, sizeof(page)), PAGE);
    expect_error("full again", write(ends[1], page, 1), EAGAIN);
    long left = 0;
    while ((got = read(ends[0], page, sizeof(page))) > 0)
        left += got;
    expect_error("an empty pipe", got, EAGAIN);
    expect("it held", left, CAPACITY);
    close_both(ends);
}

#define WRITERS 3
#define RECORDS 150
#define RECORD 3001

/* What is not larger than PIPE_BUF stays in one piece, whoever else writes: each record is of one letter. */
static void one_piece(void)
{
    static char record[RECORD];
    int ends[2], mixed = 0, count[WRITERS] = {0};

    pipe_of(ends, 0);
    for (int writer = 0; writer < WRITERS; writer++) {
        if (fork() == 0) {
            memset(record, 'a' + writer, sizeof(record));
            for (int i = 0; i < RECORDS; i++)
                if (write(ends[1], record, sizeof(record)) != sizeof(record))
                    _exit(1);
            _exit(0);
        }
    }
    close(ends[1]);
    for (;;) {
        size_t done = 0;
        ssize_t got = 1;
        while (done < sizeof(record) && (got = read(ends[0], record + done, sizeof(record) - done)) > 0)
            done += (size_t)got;
        if (got <= 0)
            break;
        for (size_t i = 1; i < sizeof(record); i++)
            mixed += record[i] != record[0];
        count[(unsigned)(record[0] - 'a') % WRITERS]++;
    }
    for (int writer = 0; writer < WRITERS; writer++) {
        int status = -1;
        wait(&status);
        expect("a writer ends", status, 0);
        expect("its records", count[writer], RECORDS);
    }
    expect("mixed bytes", mixed, 0);
    close(ends[0]);
}

/* Several sleep at one end: each byte wakes one, the end wakes all. */
static void many_readers(void)
{
    int ends[2], sum = 0, status;

    pipe_of(ends, 0);
    for (int reader = 0; reader < 4; reader++) {
        if (fork() == 0) {
            char byte;
            int taken = 0;
            close(ends[1]);
            while (read(ends[0], &byte, 1) == 1)
                taken++;
            _exit(taken);
        }
    }
    nap();
    for (int i = 0; i < 10; i++)
        write(ends[1], "xyz", 3);
    close(ends[1]);
    for (int reader = 0; reader < 4; reader++) {
        wait(&status);
        sum += WEXITSTATUS(status);
    }
    expect("bytes that four readers took", sum, 30);
    close(ends[0]);
}

static pid_t signal_me_soon(void)
{
    pid_t parent = getpid(), child = fork();

    if (child == 0) {
        nap();
        kill(parent, SIGUSR1);
        _exit(0);
    }
    return child;
}

/* A sleeper and a signal. */
static void interrupted(void)
{
    static char block[CAPACITY];
    struct sigaction action = {.sa_handler = on_signal};
    int ends[2];
    char byte;

    pipe_of(ends, 0);
    sigaction(SIGUSR1, &action, NULL);
    signal_me_soon();
    expect_error("a reader and a signal", read(ends[0], &byte, 1), EINTR);
    expect("its handler ran", caught, SIGUSR1);
    wait(NULL);
    expect("fill it", write(ends[1], block, sizeof(block)), CAPACITY);
    signal_me_soon();
    expect_error("a writer and a signal", write(ends[1], "x", 1), EINTR);
    wait(NULL);
    expect("make room", read(ends[0], block, PAGE), PAGE);
    signal_me_soon();
    expect("a writer of more than has room, and a signal", write(ends[1], block, 2 * PAGE), PAGE);
    wait(NULL);
    expect("empty it", read(ends[0], block, sizeof(block)), CAPACITY);

    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    caught = 0;
    signal_me_soon();
    pid_t child = fork();
    if (child == 0) {
        nap();
        nap();
        _exit(write(ends[1], "r", 1) == 1 ? 0 : 1);
    }
    expect("a reader that is started again", read(ends[0], &byte, 1), 1);
    expect("it got", byte, 'r');
    expect("and the handler ran", caught, SIGUSR1);
    wait(NULL);
    wait(NULL);
    close_both(ends);
}

static void write_to_nobody(void *end)
{
    (void)!write(*(int *)end, "x", 1);
}

static void ends_that_are_closed(void)
{
    static char block[2 * CAPACITY];
    int ends[2], status = -1;
    char byte;

    pipe_of(ends, 0);
    expect_error("read the wrong end", read(ends[1], &byte, 1), EBADF);
    expect_error("write the wrong end", write(ends[0], "x", 1), EBADF);
    expect_error("pread", pread(ends[0], &byte, 1, 0), ESPIPE);
    expect_error("pwrite", pwrite(ends[1], "x", 1, 0), ESPIPE);
    expect("a last word", write(ends[1], "xy", 2), 2);
    close(ends[1]);
    expect("read it", read(ends[0], block, sizeof(block)), 2);
    expect("end of file", read(ends[0], block, sizeof(block)), 0);
    expect("and again", read(ends[0], block, sizeof(block)), 0);
    close(ends[0]);

    pipe_of(ends, 0);
    close(ends[0]);
    expect_signal("write where nobody reads", write_to_nobody, &ends[1], SIGPIPE);
    signal(SIGPIPE, on_signal);
    caught = 0;
    expect_error("with a handler", write(ends[1], "x", 1), EPIPE);
    expect("which ran", caught, SIGPIPE);
    expect("nothing can be written", write(ends[1], "x", 0), 0);
    close(ends[1]);

    pipe_of(ends, 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        nap();
        _exit(read(ends[0], block, 100) == 100 ? 0 : 1);
    }
    close(ends[0]);
    caught = 0;
    expect("a writer that sleeps when the reader goes",
           write(ends[1], block, sizeof(block)) < (long)sizeof(block), 1);
    waitpid(child, &status, 0);
    expect("the reader", status, 0);
    expect_error("the next write", write(ends[1], "x", 1), EPIPE);
    expect("the signal", caught, SIGPIPE);
    close(ends[1]);
}

int main(void)
{
    sizes();
    large();
    memory();
    after_fork();
    full();
    one_piece();
    many_readers();
    interrupted();
    ends_that_are_closed();
    return finish();
}
