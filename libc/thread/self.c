/* SPDX-License-Identifier: MIT */
/* self.c - which thread this is. */
#include <pthread.h>
#include <unistd.h>

#include "thread.h"

int thread_ask_id(void)
{
    return thread_self()->tid = gettid();
}

pthread_t pthread_self(void)
{
    return (pthread_t)thread_self();
}

int pthread_equal(pthread_t one, pthread_t other)
{
    return one == other;
}
