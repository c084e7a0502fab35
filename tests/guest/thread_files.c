/* SPDX-License-Identifier: MIT */
/* thread_files.c - one thread sleeps in read while another closes the descriptor: the open file lives until the read is over. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ends[2];
static volatile int reader_tid; /* set right before the read */

static void *reader(void *unused)
{
    char text[16];

    (void)unused;
    reader_tid = (int)syscall(SYS_gettid);
    ssize_t got = read(ends[0], text, sizeof(text));
    printf("read %zd: %.*s\n", got, got > 0 ? (int)got : 0, text);
    return NULL;
}

/* On a busy machine no fixed time is long enough: /proc says when the reader sleeps. */
static void wait_for_reader(void)
{
    char path[64], text[128], state = 'R';

    while (state != 'S') {
        usleep(1000);
        if (reader_tid == 0)
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", reader_tid);
        FILE *file = fopen(path, "r");
        if (file && fgets(text, sizeof(text), file) && strrchr(text, ')'))
            state = strrchr(text, ')')[2];
        if (file)
            fclose(file);
    }
}

int main(void)
{
    pthread_t thread;

    for (int round = 0; round < 20; round++) {
        reader_tid = 0;
        if (pipe(ends) != 0 || pthread_create(&thread, NULL, reader, NULL) != 0)
            return 1;
        wait_for_reader();
        close(ends[0]);
        int other[2];
        if (pipe(other) != 0) /* takes the number, and the memory if it was free */
            return 1;
        if (write(ends[1], "hello", 5) != 5)
            printf("the reader is gone\n");
        pthread_join(thread, NULL);
        close(ends[1]);
        close(other[0]);
        close(other[1]);
    }
    return 0;
}
