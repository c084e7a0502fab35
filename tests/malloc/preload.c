/* SPDX-License-Identifier: MIT */
/* preload.c - what libc/malloc needs beside itself to be a library for LD_PRELOAD on Linux: around fork the lock is held,
 * so that the child, which has one thread, never inherits a lock that another thread had.
 */
#include <pthread.h>

#include "malloc/glue.h"

__attribute__((constructor)) static void start(void)
{
    pthread_atfork(glue_lock, glue_unlock, glue_unlock);
}
