/* SPDX-License-Identifier: MIT */
/* <time.h> - clocks, calendar, sleeping; the structs and clock numbers are the kernel's. */
#ifndef _TIME_H
#define _TIME_H

#include <stddef.h>
#include <sys/types.h>
#include <linux/time.h>

#define CLOCKS_PER_SEC 1000000L
#define TIME_UTC 1

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;
    int tm_mon;
    int tm_year;
    int tm_wday;
    int tm_yday;
    int tm_isdst;
    long tm_gmtoff;
    const char *tm_zone;
};

clock_t clock(void);
time_t time(time_t *now);
double difftime(time_t end, time_t begin);
int timespec_get(struct timespec *now, int base);
int clock_gettime(clockid_t clock, struct timespec *now);
int clock_getres(clockid_t clock, struct timespec *resolution);
int clock_settime(clockid_t clock, const struct timespec *now);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining);
int clock_getcpuclockid(pid_t process, clockid_t *clock);
int nanosleep(const struct timespec *request, struct timespec *remaining);

struct sigevent; /* <signal.h> */
int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer);
int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict setting,
                  struct itimerspec *restrict old);
int timer_gettime(timer_t timer, struct itimerspec *now);
int timer_getoverrun(timer_t timer);
int timer_delete(timer_t timer);

/* The time zone is always UTC: TZ is not read. */
extern char *tzname[2];
extern long timezone;
extern int daylight;
void tzset(void);
struct tm *gmtime(const time_t *when);
struct tm *gmtime_r(const time_t *restrict when, struct tm *restrict to);
struct tm *localtime(const time_t *when);
struct tm *localtime_r(const time_t *restrict when, struct tm *restrict to);
time_t mktime(struct tm *when);
time_t timegm(struct tm *when);
char *asctime(const struct tm *when);
char *asctime_r(const struct tm *restrict when, char *restrict to);
char *ctime(const time_t *when);
char *ctime_r(const time_t *when, char *to);
size_t strftime(char *restrict to, size_t size, const char *restrict format, const struct tm *restrict when);
char *strptime(const char *restrict text, const char *restrict format, struct tm *restrict to);

#endif
