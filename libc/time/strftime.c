/* SPDX-License-Identifier: MIT */
/* strftime.c - dates as text, in the words of the C locale. The modifiers E and O change nothing there. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "datenames.h"

struct output {
    char *to;
    size_t room; /* with the terminator's place */
    bool full;
};

static void put_text(struct output *output, const char *text, size_t length)
{
    if (output->full || length >= output->room) {
        output->full = true;
        return;
    }
    memcpy(output->to, text, length);
    output->to += length;
    output->room -= length;
}

static void put_number(struct output *output, const char *format, long value)
{
    char text[24];
    int length = snprintf(text, sizeof(text), format, value);

    put_text(output, text, (size_t)length);
}

static void put_name(struct output *output, const char *const *names, size_t count, int index, bool whole)
{
    const char *name = index >= 0 && (size_t)index < count ? names[index] : "?";

    put_text(output, name, whole || *name == '?' ? strlen(name) : 3);
}

static bool is_leap(long year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* ISO 8601: weeks begin on Monday, and week 1 is the one with the year's first Thursday. */
static int iso_week(const struct tm *when, long *year)
{
    int weekday = (when->tm_wday + 6) % 7; /* Monday = 0 */
    int week = (when->tm_yday - weekday + 10) / 7;

    *year = 1900L + when->tm_year;
    if (week < 1) {
        int days = 365 + is_leap(*year - 1);
        (*year)--;
        return (when->tm_yday + days - weekday + 10) / 7;
    }
    if (week == 53 && when->tm_yday - weekday + 3 >= 365 + is_leap(*year)) {
        (*year)++;
        return 1;
    }
    return week;
}

static int hour12(const struct tm *when)
{
    return when->tm_hour % 12 == 0 ? 12 : when->tm_hour % 12;
}

static void put_all(struct output *output, const char *format, const struct tm *when);

static void put_conversion(struct output *output, char conversion, const struct tm *when)
{
    long year = 1900L + when->tm_year, week_year;
    struct tm copy = *when;

    switch (conversion) {
    case 'a':
    case 'A':
        put_name(output, __day_names, DAY_NAMES, when->tm_wday, conversion == 'A');
        break;
    case 'b':
    case 'B':
    case 'h':
        put_name(output, __month_names, MONTH_NAMES, when->tm_mon, conversion == 'B');
        break;
    case 'c':
        put_all(output, "%a %b %e %H:%M:%S %Y", when);
        break;
    case 'C':
        put_number(output, "%02ld", year / 100);
        break;
    case 'd':
        put_number(output, "%02ld", when->tm_mday);
        break;
    case 'D':
    case 'x':
        put_all(output, "%m/%d/%y", when);
        break;
    case 'e':
        put_number(output, "%2ld", when->tm_mday);
        break;
    case 'F':
        put_all(output, "%Y-%m-%d", when);
        break;
    case 'g':
        iso_week(when, &week_year);
        put_number(output, "%02ld", week_year % 100);
        break;
    case 'G':
        iso_week(when, &week_year);
        put_number(output, "%ld", week_year);
        break;
    case 'H':
        put_number(output, "%02ld", when->tm_hour);
        break;
    case 'I':
        put_number(output, "%02ld", hour12(when));
        break;
    case 'j':
        put_number(output, "%03ld", when->tm_yday + 1);
        break;
    case 'k':
        put_number(output, "%2ld", when->tm_hour);
        break;
    case 'l':
        put_number(output, "%2ld", hour12(when));
        break;
    case 'm':
        put_number(output, "%02ld", when->tm_mon + 1);
        break;
    case 'M':
        put_number(output, "%02ld", when->tm_min);
        break;
    case 'n':
        put_text(output, "\n", 1);
        break;
    case 'p':
        put_text(output, when->tm_hour < 12 ? "AM" : "PM", 2);
        break;
    case 'P':
        put_text(output, when->tm_hour < 12 ? "am" : "pm", 2);
        break;
    case 'r':
        put_all(output, "%I:%M:%S %p", when);
        break;
    case 'R':
        put_all(output, "%H:%M", when);
        break;
    case 's':
        put_number(output, "%ld", mktime(&copy));
        break;
    case 'S':
        put_number(output, "%02ld", when->tm_sec);
        break;
    case 't':
        put_text(output, "\t", 1);
        break;
    case 'T':
    case 'X':
        put_all(output, "%H:%M:%S", when);
        break;
    case 'u':
        put_number(output, "%ld", when->tm_wday == 0 ? 7 : when->tm_wday);
        break;
    case 'U':
        put_number(output, "%02ld", (when->tm_yday - when->tm_wday + 7) / 7);
        break;
    case 'V':
        put_number(output, "%02ld", iso_week(when, &week_year));
        break;
    case 'w':
        put_number(output, "%ld", when->tm_wday);
        break;
    case 'W':
        put_number(output, "%02ld", (when->tm_yday - (when->tm_wday + 6) % 7 + 7) / 7);
        break;
    case 'y':
        put_number(output, "%02ld", (year % 100 + 100) % 100);
        break;
    case 'Y':
        put_number(output, "%ld", year);
        break;
    case 'z':
        put_text(output, "+0000", 5);
        break;
    case 'Z':
        put_text(output, "UTC", 3);
        break;
    default:
        put_text(output, &conversion, 1);
    }
}

static void put_all(struct output *output, const char *format, const struct tm *when)
{
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put_text(output, format, 1);
            continue;
        }
        format++;
        if (*format == 'E' || *format == 'O')
            format++;
        if (*format == '\0')
            return;
        put_conversion(output, *format, when);
    }
}

/* Returns the length, or 0 when it does not fit (the bytes are undefined then). */
size_t strftime(char *restrict to, size_t size, const char *restrict format, const struct tm *restrict when)
{
    struct output output = {.to = to, .room = size};

    put_all(&output, format, when);
    if (output.full || output.room == 0)
        return 0;
    *output.to = '\0';
    return size - output.room;
}

char *asctime_r(const struct tm *restrict when, char *restrict to)
{
    return strftime(to, 26, "%a %b %e %H:%M:%S %Y\n", when) != 0 ? to : NULL;
}

/* In one buffer for all threads, as POSIX has it; so does ctime. */
char *asctime(const struct tm *when)
{
    static char text[26];

    return asctime_r(when, text);
}

char *ctime_r(const time_t *when, char *to)
{
    struct tm broken_down;

    return localtime_r(when, &broken_down) != NULL ? asctime_r(&broken_down, to) : NULL;
}

char *ctime(const time_t *when)
{
    return asctime(localtime(when));
}
