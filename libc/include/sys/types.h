/* SPDX-License-Identifier: MIT */
/* <sys/types.h> - POSIX's type names for the kernel's types. */
#ifndef _SYS_TYPES_H
#define _SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

typedef __kernel_ssize_t ssize_t;
typedef __kernel_off_t off_t;
typedef __kernel_off_t off64_t;
typedef __kernel_loff_t loff_t;
typedef __kernel_pid_t pid_t;
typedef __kernel_uid32_t uid_t;
typedef __kernel_gid32_t gid_t;
typedef __kernel_ino_t ino_t;
typedef __kernel_time_t time_t;
typedef __kernel_clock_t clock_t;
typedef __kernel_clockid_t clockid_t;
typedef __kernel_suseconds_t suseconds_t;
typedef __kernel_key_t key_t;
typedef __kernel_fd_set fd_set;
typedef __kernel_caddr_t caddr_t;
typedef __kernel_ulong_t sigset_t; /* as in <asm/signal.h>, for headers that want no more of it */

/* As wide as the fields of the x86-64 struct stat (<asm/stat.h>); __kernel_mode_t is as wide as mode_t here.
 */
typedef __kernel_mode_t mode_t;
typedef __kernel_ulong_t dev_t;
typedef __kernel_ulong_t nlink_t;
typedef __kernel_long_t blksize_t;
typedef __kernel_long_t blkcnt_t;
typedef __kernel_ulong_t fsblkcnt_t;
typedef __kernel_ulong_t fsfilcnt_t;

typedef void *timer_t; /* the kernel's number; a pointer, as programs know it */
typedef unsigned int id_t;
typedef unsigned int useconds_t;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef uint8_t u_int8_t;
typedef uint16_t u_int16_t;
typedef uint32_t u_int32_t;
typedef uint64_t u_int64_t;

/* Threads. What begins as zeros is ready for use where POSIX has an initialiser; the fields are the library's (libc/thread). */
typedef unsigned long pthread_t;
typedef unsigned int pthread_key_t;
typedef int pthread_once_t;
typedef int pthread_spinlock_t;

typedef struct {
    int __detached;
    size_t __stack_size; /* 0: the default */
    void *__stack;       /* NULL: the library maps one */
    size_t __guard_size;
    int __explicit; /* PTHREAD_EXPLICIT_SCHED: kept, of no consequence */
} pthread_attr_t;

struct __held_mutex {
    struct __held_mutex *__next;
    struct __held_mutex *__before; /* NULL: the first of the list */
};
typedef struct {
    unsigned int __word; /* 0: free; else the owner's thread id, with the bits of <linux/futex.h> */
    int __kind;
    int __shared;
    int __robust;
    unsigned int __depth;       /* how many times more its owner has it */
    struct __held_mutex __held; /* robust: its place among those that its owner has */
} pthread_mutex_t;
typedef struct {
    int __kind;
    int __shared;
    int __robust;
} pthread_mutexattr_t;

typedef struct {
    int __sequence; /* of signals: who waits, waits for another number */
    unsigned int __waiters;
    int __shared;
    int __clock;
} pthread_cond_t;
typedef struct {
    int __shared;
    int __clock;
} pthread_condattr_t;

typedef struct {
    unsigned int __state; /* how many readers, or that a writer has it; whether somebody sleeps */
    int __writer;         /* its thread id */
    int __shared;
} pthread_rwlock_t;
typedef struct {
    int __shared;
} pthread_rwlockattr_t;

typedef struct {
    unsigned long __state; /* below: how many times all were there; above: how many have arrived since */
    unsigned int __count;
    unsigned int __inside; /* who have not left yet */
    int __shared;
} pthread_barrier_t;
typedef struct {
    int __shared;
} pthread_barrierattr_t;

#endif
