/* SPDX-License-Identifier: MIT */
/* attributes.h - see attributes.c */
#pragma once

#include <pthread.h>

struct thread_attributes {
    int detached;
    void *stack; /* NULL: to be mapped */
    size_t stack_size;
    size_t guard_size;
};

/* What is asked for, with the defaults filled in. NULL: all of them. */
struct thread_attributes attributes_read(const pthread_attr_t *attributes);
