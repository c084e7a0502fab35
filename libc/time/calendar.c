/* SPDX-License-Identifier: MIT */
/* calendar.c - seconds since 1970 to a date and back, in UTC, by the Gregorian calendar in both directions.
 *
 * Years are counted from March here, so that the leap day is a year's last: then the days before month m
 * (March = 0) are (153 m + 2) / 5, and 400 years always have 146 097 days. */
#include <errno.h>
#include <limits.h>
#include <time.h>

#define DAY 86400L
#define DAYS_IN_400_YEARS 146097L
#define DAYS_TO_MARCH_1970_FROM_YEAR_0 719468L /* from 0000-03-01 to 1970-01-01 */

static long floor_divide(long value, long divisor)
{
    return value / divisor - (value % divisor < 0);
}

/* Days from 1970-01-01 to the first of a month; month 0 is January. */
static long days_before(long year, long month)
{
    long march_year = year - (month < 2);
    long march_month = month < 2 ? month + 10 : month - 2;
    long century4 = floor_divide(march_year, 400);
    long in_era = march_year - century4 * 400;

    return century4 * DAYS_IN_400_YEARS + in_era * 365 + in_era / 4 - in_era / 100 +
           (153 * march_month + 2) / 5 - DAYS_TO_MARCH_1970_FROM_YEAR_0;
}

struct tm *gmtime_r(const time_t *restrict when, struct tm *restrict to)
{
    long days = floor_divide(*when, DAY);
    long second = *when - days * DAY;
    long shifted = days + DAYS_TO_MARCH_1970_FROM_YEAR_0;
    long era = floor_divide(shifted, DAYS_IN_400_YEARS);
    long day = shifted - era * DAYS_IN_400_YEARS;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    long day_of_year = day - (365 * year + year / 4 - year / 100);
    long march_month = (5 * day_of_year + 2) / 153;
    long month = march_month < 10 ? march_month + 2 : march_month - 10;

    year += era * 400 + (month < 2);
    if (year - 1900 > INT_MAX || year - 1900 < INT_MIN) {
        errno = EOVERFLOW;
        return NULL;
    }
    *to = (struct tm){
        .tm_sec = (int)(second % 60),
        .tm_min = (int)(second / 60 % 60),
        .tm_hour = (int)(second / 3600),
        .tm_mday = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
        .tm_mon = (int)month,
        .tm_year = (int)(year - 1900),
        .tm_wday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .tm_yday = (int)(days - days_before(year, 0)),
        .tm_zone = "UTC",
    };
    return to;
}

/* Fields may lie outside their ranges; they are brought back into them. */
time_t timegm(struct tm *when)
{
    long month = when->tm_mon;
    long year = 1900L + when->tm_year + floor_divide(month, 12);
    time_t seconds;

    month -= floor_divide(month, 12) * 12;
    seconds = (days_before(year, month) + when->tm_mday - 1) * DAY + when->tm_hour * 3600L +
              when->tm_min * 60L + when->tm_sec;
    return gmtime_r(&seconds, when) != NULL ? seconds : -1;
}

static struct tm
    shared; /* by all threads: POSIX does not make gmtime and localtime safe for several, hence the _r ones */

struct tm *gmtime(const time_t *when)
{
    return gmtime_r(when, &shared);
}

struct tm *localtime_r(const time_t *restrict when, struct tm *restrict to)
{
    return gmtime_r(when, to);
}

struct tm *localtime(const time_t *when)
{
    return gmtime_r(when, &shared);
}

time_t mktime(struct tm *when)
{
    return timegm(when);
}

double difftime(time_t end, time_t begin)
{
    return (double)(end - begin);
}
