/* SPDX-License-Identifier: MIT */
/* thread_stdio.c - several threads in the C library at once: streams and their locks, exit, the environment, errno.
 *
 * POSIX asks for what is tested with every library. What only some promise (glibc does, musl leaves it open) is tested with ours alone.
 */
#include <fcntl.h>
#include <signal.h>

#include "threads.h"

#if __has_include(<sys/trace.h>)
#define OURS 1
#else
#define OURS 0
#endif

#define THREADS 4
#define LINES 400

static FILE *file; /* that all use */
static int ends[2];
static atomic_int done, wrong;

/* body(0), body(1), ... each in a thread, all at the same time. */
static void crowd(void *(*body)(void *))
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++)
        threads[i] = begin(body, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- Lines stay whole ---- */

static int line_text(char *to, long thread, int number)
{
    return sprintf(to, "thread %ld, line %d: %.*s|%g\n", thread, number, number % 60,
                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh", number / 8.0);
}

static void *print_lines(void *thread)
{
    char line[128];

    for (int i = 0; i < LINES; i++) {
        line_text(line, (long)thread, i);
        switch (i % 3) {
        case 0:
            fprintf(file, "thread %ld, line %d: %.*s|%g\n", (long)thread, i, i % 60,
                    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh", i / 8.0);
            break;
        case 1:
            fputs(line, file);
            break;
        default:
            fwrite(line, strlen(line), 1, file);
        }
    }
    return NULL;
}

/* Of each thread all lines, in their order. */
static int lines_found(void)
{
    int next[THREADS] = {0}, found = 0, thread;
    char line[128], expected[128];

    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "thread %d,", &thread) != 1 || thread < 0 || thread >= THREADS)
            return -1;
        line_text(expected, thread, next[thread]++);
        if (strcmp(line, expected) != 0)
            return -1;
        found++;
    }
    return found;
}

static void whole_lines(const char *what, int mode, size_t size)
{
    static char buffer[256];

    file = tmpfile();
    setvbuf(file, size ? buffer : NULL, mode, size);
    crowd(print_lines);
    expect(what, lines_found(), THREADS * LINES);
    fclose(file);
}

/* ---- A stream that the program locks ---- */

static void *print_groups(void *thread)
{
    for (int i = 0; i < LINES; i++) {
        flockfile(file);
        fprintf(file, "%ld", (long)thread);
        flockfile(file);
        putc_unlocked('0' + (int)(long)thread, file);
        funlockfile(file);
        fputc('0' + (int)(long)thread, file);
        fputs("\n", file);
        funlockfile(file);
    }
    return NULL;
}

static void groups(void)
{
    char line[16];
    int whole = 0;

    file = tmpfile();
    crowd(print_groups);
    rewind(file);
    while (fgets(line, sizeof(line), file))
        whole += strlen(line) == 4 && line[0] == line[1] && line[1] == line[2];
    expect("flockfile over four calls", whole, THREADS * LINES);
    fclose(file);
}

static void *try_lock(void *unused)
{
    int refused = ftrylockfile(file) != 0;

    if (!refused)
        funlockfile(file);
    (void)unused;
    return (void *)(long)refused;
}

static long refused(void)
{
    void *result;

    pthread_join(begin(try_lock, NULL), &result);
    return (long)result;
}

static void *print_one(void *unused)
{
    fputs("from the other\n", file);
    done = 1;
    return unused;
}

static void locking(void)
{
    file = tmpfile();
    flockfile(file);
    expect("ftrylockfile by the owner", ftrylockfile(file), 0);
    expect("    by another thread: refused", refused(), 1);
    funlockfile(file);
    expect("    after one of two unlocks", refused(), 1);
    done = 0;
    pthread_t other = begin(print_one, NULL);
    doze();
    expect("who prints waits", done, 0);
    expect("    the owner prints", fprintf(file, "from the owner\n"), 15);
    funlockfile(file);
    pthread_join(other, NULL);
    expect("    and then the other", done, 1);
    expect("    after the last", refused(), 0);
    expect("    both lines", ftell(file), 30);
    fclose(file);
}

/* ---- Many read one stream ---- */

static atomic_int seen[256];

static void *read_bytes(void *unused)
{
    for (int c; (c = getc(file)) != EOF;)
        seen[c]++;
    return unused;
}

static void *write_bytes(void *unused)
{
    unsigned char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    for (int i = 0; i < 100; i++)
        if (write(ends[1], bytes, sizeof(bytes)) != sizeof(bytes))
            wrong = 1;
    close(ends[1]);
    return unused;
}

static void readers(void)
{
    int right = 0;

    if (pipe(ends) != 0)
        return;
    file = fdopen(ends[0], "r");
    pthread_t writer = begin(write_bytes, NULL);
    crowd(read_bytes);
    pthread_join(writer, NULL);
    for (int i = 0; i < 256; i++)
        right += seen[i] == 100;
    expect("every byte is read once", right, 256);
    fclose(file);
}

/* ---- Streams come and go ---- */

static void *open_and_close(void *thread)
{
    char name[64], line[64];

    sprintf(name, "/tmp/thread_stdio-%d-%ld", getpid(), (long)thread);
    for (int i = 0; i < 50; i++) {
        if (OURS) /* with musl a deadlock: fflush(NULL) keeps the list of streams while it waits for one */
            flockfile(file);
        FILE *own = fopen(name, "w");
        if (OURS)
            funlockfile(file);
        fprintf(own, "%d of %ld\n", i, (long)thread);
        fprintf(file, "%d", i);
        fclose(own);
        own = fopen(name, "r");
        sprintf(line, "%d of %ld\n", i, (long)thread);
        char got[64] = "";
        if (!fgets(got, sizeof(got), own) || strcmp(got, line) != 0)
            wrong++;
        fclose(own);
    }
    unlink(name);
    return NULL;
}

static void *flush_all(void *unused)
{
    while (!done)
        if (fflush(NULL) != 0)
            wrong++;
    return unused;
}

static void comings_and_goings(void)
{
    file = tmpfile();
    done = wrong = 0;
    pthread_t flusher = begin(flush_all, NULL);
    crowd(open_and_close);
    done = 1;
    pthread_join(flusher, NULL);
    expect("files opened, written, read by each", wrong, 0);
    fclose(file);
}

/* ---- exit ---- */

static atomic_int called;

static void count_call(void)
{
    called++;
}

static void *register_some(void *unused)
{
    for (int i = 0; i < 7; i++)
        atexit(count_call);
    return unused;
}

static void report_calls(void)
{
    _exit(called);
}

static void register_by_many(void *unused)
{
    (void)unused;
    atexit(report_calls);
    crowd(register_some);
    exit(0);
}

static void *exit_here(void *unused)
{
    exit(50);
    return unused;
}

static void doze_and_count(void)
{
    doze();
    doze();
    called += 10;
}

static void exit_twice(void *unused)
{
    (void)unused;
    atexit(report_calls);
    atexit(doze_and_count);
    begin(exit_here, NULL);
    doze();
    exit(51);
}

static void exit_again(void)
{
    called += 20;
    exit(52);
}

static void exit_in_exit(void *unused)
{
    (void)unused;
    pthread_join(begin(register_some, NULL), NULL);
    called = 0;
    atexit(report_calls);
    atexit(count_call);
    atexit(exit_again);
    exit(53);
}

static void *read_for_ever(void *unused)
{
    getchar();
    return unused;
}

/* Whoever waits for the reader is ended by the alarm. */
static void exit_while_reading(void *how)
{
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
        _exit(9);
    begin(read_for_ever, NULL);
    doze();
    alarm(5);
    fputs("kept until the end", file);
    if (how)
        fflush(NULL);
    exit(7);
}

static void exits(void)
{
    expect("28 functions of atexit from four threads", WEXITSTATUS(in_child(register_by_many, NULL)), 28);
    if (!OURS)
        return;
    expect("two threads call exit: the functions are called once", WEXITSTATUS(in_child(exit_twice, NULL)),
           10);
    expect("exit in a function of atexit: the rest is called", WEXITSTATUS(in_child(exit_in_exit, NULL)), 21);
    file = tmpfile();
    expect("exit while a thread sits in getchar()", in_child(exit_while_reading, NULL), 7 << 8);
    expect("    and what it had to write", lseek(fileno(file), 0, SEEK_END), 18);
    expect("fflush(NULL) then", in_child(exit_while_reading, file), 7 << 8);
    fclose(file);
}

/* ---- fork ---- */

static void *print_on(void *unused)
{
    while (!done)
        fprintf(file, "%s %d\n", "a line of somebody else", 5);
    return unused;
}

static void *fork_and_print(void *unused)
{
    for (int i = 0; i < 25; i++) {
        pid_t child = fork();
        int status = -1;

        if (child == 0) {
            FILE *own = fopen("/dev/null", "w");

            alarm(20);
            if (OURS && (fprintf(file, "%s\n", "a line of the child") != 20 || fflush(file) != 0))
                _exit(1);
            if (OURS) /* else it would wait for streams that the others hold */
                exit(fputs("more", file) < 0 || fclose(own) != 0);
            _exit(fputs("own", own) < 0 || fclose(own) != 0);
        }
        if (waitpid(child, &status, 0) != child || status != 0)
            wrong++;
    }
    done = 1;
    return unused;
}

static void forks(void)
{
    pthread_t printers[THREADS];

    file = fopen("/dev/null", "w");
    done = wrong = 0;
    for (int i = 0; i < THREADS; i++)
        printers[i] = begin(print_on, NULL);
    pthread_join(begin(fork_and_print, NULL), NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(printers[i], NULL);
    expect("children of a process whose threads print", wrong, 0);
    fclose(file);
}

/* ---- What else the library keeps ---- */

static void *change_environment(void *thread)
{
    char name[32], value[32];

    for (int i = 0; i < 200; i++) {
        sprintf(name, "NAME_%ld_%d", (long)thread, i % 50);
        sprintf(value, "%d", i);
        if (setenv(name, value, 1) != 0 || strcmp(getenv(name), value) != 0 ||
            setenv(name, "other", 0) != 0 || strcmp(getenv(name), value) != 0)
            wrong++;
        if (i % 3 == 0 && (unsetenv(name) != 0 || getenv(name)))
            wrong++;
        if (strcmp(getenv("FIXED"), "here") != 0)
            wrong++;
    }
    return NULL;
}

static pthread_barrier_t barrier;

static void *have_error(void *thread)
{
    long number = (long)thread;
    char *text;

    for (int i = 0; i < 50; i++) {
        errno = 0;
        if (number % 2 ? close(-1) != -1 : open("/nowhere", O_RDONLY) != -1)
            wrong++;
        text = strerror(5000 + (int)number);
        pthread_barrier_wait(&barrier);
        if (errno != (number % 2 ? EBADF : ENOENT))
            wrong++;
        if (OURS && text[strlen(text) - 1] != '0' + number)
            wrong++;
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static atomic_ulong sum;

static void *add_numbers(void *unused)
{
    for (int i = 0; i < 2000; i++)
        sum += (unsigned long)rand();
    return unused;
}

static void *move_break(void *unused)
{
    for (int i = 0; i < 100; i++) {
        long *piece = sbrk(64);

        *piece = (long)thread_id();
        sched_yield();
        if (*piece != (long)thread_id())
            wrong++;
    }
    return unused;
}

static void the_rest(void)
{
    wrong = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    crowd(have_error);
    expect("errno is each thread's own", wrong, 0);
    if (!OURS)
        return;
    setenv("FIXED", "here", 1);
    crowd(change_environment);
    expect("the environment", wrong, 0);
    srand(7);
    crowd(add_numbers);
    srand(7);
    for (int i = 0; i < THREADS * 2000; i++)
        sum -= (unsigned long)rand();
    expect("numbers of rand, each once", (long)sum, 0);
    crowd(move_break);
    expect("pieces of sbrk, each to one", wrong, 0);
}

int main(void)
{
    whole_lines("lines of four threads", _IOFBF, 0);
    whole_lines("    with a small buffer", _IOFBF, 100);
    whole_lines("    line by line", _IOLBF, 256);
    whole_lines("    without a buffer", _IONBF, 0);
    groups();
    locking();
    readers();
    comings_and_goings();
    exits();
    forks();
    the_rest();
    return finish();
}
