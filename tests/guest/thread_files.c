/* SPDX-License-Identifier: MIT */
/* thread_files.c - one thread sleeps in read while another closes the descriptor: the open file lives until the read is over. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ends[2];

static void *reader(void *unused)
{
    char text[16];
    ssize_t got = read(ends[0], text, sizeof(text));

    (void)unused;
    printf("read %zd: %.*s\n", got, got > 0 ? (int)got : 0, text);
    return NULL;
}

int main(void)
{
    pthread_t thread;

    for (int round = 0; round < 20; round++) {
        if (pipe(ends) != 0 || pthread_create(&thread, NULL, reader, NULL) != 0)
            return 1;
        usleep(2000);
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
