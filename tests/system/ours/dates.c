/* SPDX-License-Identifier: MIT */
/* dates.c - what strptime can do beyond POSIX, or beyond musl: moments, zones, modifiers, and the rest of a date worked out. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>

static void parse(const char *text, const char *format)
{
    struct tm when;

    memset(&when, 0, sizeof(when));
    char *end = strptime(text, format, &when);
    printf("'%s' by '%s': ", text, format);
    if (end == NULL)
        printf("refused\n");
    else
        printf("%d-%02d-%02d %02d:%02d:%02d weekday %d day %d zone %ld left '%s'\n", 1900 + when.tm_year,
               when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec, when.tm_wday,
               when.tm_yday, when.tm_gmtoff, end);
}

int main(void)
{
    parse("2024-02-29T01:02:03Z", "%FT%T%z");
    parse("2024-02-29 10:20 +0530", "%F %H:%M %z");
    parse("2024-12-31 10:20 -08:00", "%F %H:%M %z");
    parse("10:20 +09 left", "%H:%M %z");
    parse("10:20 +0960", "%H:%M %z");
    parse("10:20 0900", "%H:%M %z");
    parse("10:20 +9", "%H:%M %z");
    parse("0", "%s");
    parse("1700000000", "%s");
    parse("951782399.5", "%s");
    parse("PM 3", "%p %I");
    parse("2024 60", "%Y %j");
    parse("2023 365", "%Y %j");
    parse("1-3-1900", "%d-%m-%Y");
    parse("11/30/2000", "%m/%d/%EY");
    parse(" 5: 6", "%k:%M");
    parse("12", "%l");
    return 0;
}
