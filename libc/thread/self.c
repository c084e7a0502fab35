/* SPDX-License-Identifier: MIT */
/* self.c - which thread this is. */
#include <pthread.h>
#include <unistd.h>

#include "thread.h"

int thread_id(void)
{
    struct thread *self = thread_self();

    if (self->tid == 0)
        self->tid = gettid();
    return self->tid;
}

pthread_t pthread_self(void)
{
    return (pthread_t)thread_self();
}

int pthread_equal(pthread_t one, pthread_t other)
{
    return one == other;
}
