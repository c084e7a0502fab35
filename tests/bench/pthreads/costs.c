/* SPDX-License-Identifier: MIT */
/* costs.c - what the objects of threads cost when nobody is in the way: a line `name: instructions` for each, by the TSC under
 * -icount. Linked with our libc, musl and glibc (scripts/bench-threads). A second thread has been made, so no library takes the short ways
 * of a program that has one; the loop itself is taken off. */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>

#define TIMES 10000
#define THREADS 300

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive, checking;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;

static uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static void use_mutex(void)
{
    pthread_mutex_lock(&plain);
    pthread_mutex_unlock(&plain);
}

static void try_mutex(void)
{
    pthread_mutex_trylock(&plain);
    pthread_mutex_unlock(&plain);
}

static void use_recursive(void)
{
    pthread_mutex_lock(&recursive);
    pthread_mutex_unlock(&recursive);
}

static void use_checking(void)
{
    pthread_mutex_lock(&checking);
    pthread_mutex_unlock(&checking);
}

static void read_lock(void)
{
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_unlock(&lock);
}

static void write_lock(void)
{
    pthread_rwlock_wrlock(&lock);
    pthread_rwlock_unlock(&lock);
}

static void use_spin(void)
{
    pthread_spin_lock(&spin);
    pthread_spin_unlock(&spin);
}

static void use_semaphore(void)
{
    sem_post(&semaphore);
    sem_wait(&semaphore);
}

static void signal_nobody(void)
{
    pthread_cond_signal(&condition);
}

static void nothing(void)
{
}

static void use_once(void)
{
    pthread_once(&once, nothing);
}

static void use_value(void)
{
    pthread_setspecific(key, &key);
    pthread_getspecific(key);
}

static void *come_back(void *value)
{
    return value;
}

static pthread_attr_t attributes;

static void make(void)
{
    pthread_t thread;

    pthread_create(&thread, &attributes, come_back, NULL);
    pthread_join(thread, NULL);
}

static uint64_t measure(void (*act)(void), int times)
{
    act();
    uint64_t began = now();

    for (int i = 0; i < times; i++)
        act();
    return (now() - began) / (uint64_t)times;
}

static void tell(const char *name, void (*act)(void), int times)
{
    void (*volatile hidden)(void) = nothing;
    uint64_t loop = measure(hidden, times);

    printf("%s: %lu\n", name, (unsigned long)(measure(act, times) - loop));
}

static void set_up(void)
{
    pthread_mutexattr_t kind;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &kind);
    pthread_rwlock_init(&lock, NULL);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_key_create(&key, NULL);
    sem_init(&semaphore, 0, 0);
    make();
}

int main(void)
{
    set_up();
    tell("mutex: lock, unlock", use_mutex, TIMES);
    tell("mutex: trylock, unlock", try_mutex, TIMES);
    tell("recursive mutex: lock, unlock", use_recursive, TIMES);
    tell("error-checking mutex: lock, unlock", use_checking, TIMES);
    tell("rwlock: rdlock, unlock", read_lock, TIMES);
    tell("rwlock: wrlock, unlock", write_lock, TIMES);
    tell("spin lock: lock, unlock", use_spin, TIMES);
    tell("semaphore: post, wait", use_semaphore, TIMES);
    tell("condition: signal, nobody waits", signal_nobody, TIMES);
    tell("once, when it is done", use_once, TIMES);
    tell("key: set, get", use_value, TIMES);
    tell("create, join (stack of 8 MiB)", make, THREADS);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    tell("create, join (stack of 128 KiB)", make, THREADS);
    return 0;
}
