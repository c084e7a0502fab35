/* SPDX-License-Identifier: MIT */
/* libc_dates.c - strptime: POSIX's conversions, what it refuses, and the way back from strftime. Printed are the fields that the text
 * says; whether the others are worked out is each library's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* `fields` names what is printed: Y m d H M S, w(eekday), j (day of the year). */
static void parse(const char *text, const char *format, const char *fields)
{
    struct tm when;

    memset(&when, 0, sizeof(when));
    char *end = strptime(text, format, &when);
    printf("'%s' by '%s': ", text, format);
    if (end == NULL) {
        printf("refused\n");
        return;
    }
    for (const char *field = fields; *field != '\0'; field++) {
        long value = *field == 'Y'   ? 1900L + when.tm_year
                     : *field == 'm' ? when.tm_mon + 1
                     : *field == 'd' ? when.tm_mday
                     : *field == 'H' ? when.tm_hour
                     : *field == 'M' ? when.tm_min
                     : *field == 'S' ? when.tm_sec
                     : *field == 'w' ? when.tm_wday
                                     : when.tm_yday;
        printf("%c %ld ", *field, value);
    }
    printf("left '%s'\n", end);
}

static void conversions(void)
{
    parse("2024-02-29 23:59:60", "%Y-%m-%d %H:%M:%S", "YmdHMS");
    parse("Thu Feb 29 12:34:56 2024", "%a %b %d %H:%M:%S %Y", "YmdHMSw");
    parse("thursday, 1 SEPTEMBER 1999", "%A, %e %B %Y", "Ymdw");
    parse("Sunday Mar 03 1:2:3 2019 rest", "%c", "YmdHMSw");
    parse("02/28/24", "%D", "Ymd");
    parse("02/28/69", "%x", "Ymd");
    parse("12/31/68", "%x", "Ymd");
    parse("1999 366", "%Y %j", "Yj");
    parse("07:45", "%R", "HM");
    parse("07:45:10", "%X", "HMS");
    parse("12:00:01 AM", "%r", "HMS");
    parse("12:00:01 pm", "%r", "HMS");
    parse("11 PM", "%I %p", "H");
    parse("11 am", "%I %p", "H");
    parse("20 05", "%C %y", "Y");
    parse("05 18", "%y %C", "Y");
    parse("03 12 53", "%U %W %U", "");
    parse("6 0", "%w %w", "w");
    parse("may Jun", "%h%n%b", "m");
    parse("100%left", "100%%", "");
    parse("  7\t8", " %d %m", "md");
    parse("7", "%d", "d");
    parse("007", "%d", "d");
    parse("20240131", "%Y%m%d", "Ymd");
    parse("123456", "%H%M%S", "HMS");
    parse("Monat", "%a", "w");
    parse("", "", "");
}

static void refusals(void)
{
    parse("32", "%d", "");
    parse("00", "%d", "");
    parse("13", "%m", "");
    parse("0", "%m", "");
    parse("24", "%H", "");
    parse("62", "%S", "");
    parse("0", "%I", "");
    parse("13", "%I", "");
    parse("367", "%j", "");
    parse("000", "%j", "");
    parse("54", "%U", "");
    parse("7", "%w", "");
    parse("Foo", "%a", "");
    parse("Ja", "%b", "");
    parse("xm", "%p", "");
    parse("x", "%Y", "");
    parse("", "%d", "");
    parse("12", "%d:", "");
    parse("12-", "%d:", "");
    parse("a", "b", "");
    parse("50%", "50%%%%", "");
    parse("late", "%s", "");
}

/* Every third day and some hours, for forty years. */
static void there_and_back(const char *format)
{
    int wrong = 0, count = 0;

    for (time_t moment = 1; moment < 40L * 365 * 86400; moment += 3 * 86400 + 12345) {
        struct tm when, again;
        char text[100];
        gmtime_r(&moment, &when);
        strftime(text, sizeof(text), format, &when);
        memset(&again, 0, sizeof(again));
        char *end = strptime(text, format, &again);
        again.tm_isdst = 0;
        count++;
        wrong += end == NULL || *end != '\0' || timegm(&again) != moment;
    }
    printf("%s: wrong %d of %d\n", format, wrong, count);
}

int main(void)
{
    setenv("TZ", "UTC0", 1);
    conversions();
    refusals();
    there_and_back("%Y-%m-%d %H:%M:%S");
    there_and_back("%c");
    there_and_back("%D %T");
    there_and_back("%A %e %B %C %y %I.%M.%S%p");
    there_and_back("%S%M%H%d%m%Y");
    return 0;
}
