/* SPDX-License-Identifier: MIT */
/* <sys/time.h> - time of day and interval timers. */
#ifndef _SYS_TIME_H
#define _SYS_TIME_H

#include <sys/types.h>
#include <sys/select.h>
#include <linux/time.h>

int gettimeofday(struct timeval *restrict now, void *restrict zone);
int settimeofday(const struct timeval *now, const struct timezone *zone);
int getitimer(int which, struct itimerval *now);
int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old);
int utimes(const char *path, const struct timeval times[2]);
int lutimes(const char *path, const struct timeval times[2]);
int futimes(int fd, const struct timeval times[2]);
int futimesat(int directory, const char *path, const struct timeval times[2]);

#define timerisset(value) ((value)->tv_sec != 0 || (value)->tv_usec != 0)
#define timerclear(value) ((void)((value)->tv_sec = 0, (value)->tv_usec = 0))
#define timercmp(left, right, relation)                                                                      \
    ((left)->tv_sec == (right)->tv_sec ? (left)->tv_usec relation(right)->tv_usec                            \
                                       : (left)->tv_sec relation(right)->tv_sec)
#define timeradd(left, right, sum)                                                                           \
    do {                                                                                                     \
        (sum)->tv_sec = (left)->tv_sec + (right)->tv_sec;                                                    \
        (sum)->tv_usec = (left)->tv_usec + (right)->tv_usec;                                                 \
        if ((sum)->tv_usec >= 1000000) {                                                                     \
            (sum)->tv_sec++;                                                                                 \
            (sum)->tv_usec -= 1000000;                                                                       \
        }                                                                                                    \
    } while (0)
#define timersub(left, right, difference)                                                                    \
    do {                                                                                                     \
        (difference)->tv_sec = (left)->tv_sec - (right)->tv_sec;                                             \
        (difference)->tv_usec = (left)->tv_usec - (right)->tv_usec;                                          \
        if ((difference)->tv_usec < 0) {                                                                     \
            (difference)->tv_sec--;                                                                          \
            (difference)->tv_usec += 1000000;                                                                \
        }                                                                                                    \
    } while (0)

#endif
