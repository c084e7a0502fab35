/* SPDX-License-Identifier: MIT */
/* strptime.c - dates out of text: strftime's way back, in the words of the C locale. The modifiers E and O change nothing there.
 *
 * First everything is read that the format asks for, into `said`; a date can be put together only when all its parts are known, in
 * whatever order they came: a year from %C and %y, an hour from %I and %p. What the text did not say stays as it was in the struct,
 * but for the days of the week and of the year that a whole date has. */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "datenames.h"

#define NOT_SAID INT_MIN

enum part {
    SECOND,
    MINUTE,
    HOUR,
    HOUR_OF_12,
    AFTERNOON,
    DAY,
    MONTH,   /* from 0 */
    CENTURY, /* %C and %y; they give YEAR at the end */
    YEAR_OF_CENTURY,
    YEAR, /* A.D. */
    WEEKDAY,
    DAY_OF_YEAR, /* from 0 */
    WEEK,        /* read, of no use */
    ZONE,        /* seconds east of Greenwich */
    PARTS,
};

/* What `digits` digits may say, and what is taken off. */
struct number {
    char conversion;
    unsigned char part;
    short least, most;
    signed char digits, less;
};

static const struct number numbers[] = {
    {'C', CENTURY, 0, 99, 2, 0},
    {'d', DAY, 1, 31, 2, 0},
    {'e', DAY, 1, 31, 2, 0},
    {'H', HOUR, 0, 23, 2, 0},
    {'I', HOUR_OF_12, 1, 12, 2, 0},
    {'j', DAY_OF_YEAR, 1, 366, 3, 1},
    {'k', HOUR, 0, 23, 2, 0},
    {'l', HOUR_OF_12, 1, 12, 2, 0},
    {'m', MONTH, 1, 12, 2, 1},
    {'M', MINUTE, 0, 59, 2, 0},
    {'S', SECOND, 0, 60, 2, 0}, /* a leap second */
    {'u', WEEKDAY, 1, 7, 1, 0},
    {'U', WEEK, 0, 53, 2, 0},
    {'w', WEEKDAY, 0, 6, 1, 0},
    {'W', WEEK, 0, 53, 2, 0},
    {'y', YEAR_OF_CENTURY, 0, 99, 2, 0},
    {'Y', YEAR, 0, 9999, 4, 0},
};

/* Those that stand for several others. */
static const char *longhand(char conversion)
{
    switch (conversion) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    }
    return NULL;
}

/* Each of these returns where the text goes on, or NULL when it is not what was asked for. */

static const char *skip_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

static const char *read_digits(const char *text, int digits, int *value)
{
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (*value = 0; digits > 0 && isdigit((unsigned char)*text); digits--)
        *value = *value * 10 + (*text++ - '0');
    return text;
}

static const char *read_number(const char *text, const struct number *number, int *said)
{
    int value;

    text = read_digits(skip_space(text), number->digits, &value);
    if (text == NULL || value < number->least || value > number->most)
        return NULL;
    said[number->part] = value - number->less;
    return text;
}

/* The whole word, or its first three letters. */
static const char *read_name(const char *text, const char *const *names, int count, int *index)
{
    for (*index = 0; *index < count; ++*index) {
        size_t length = strlen(names[*index]);
        if (strncasecmp(text, names[*index], length) == 0)
            return text + length;
        if (strncasecmp(text, names[*index], 3) == 0)
            return text + 3;
    }
    return NULL;
}

static const char *read_half(const char *text, int *afternoon)
{
    if (strncasecmp(text, "AM", 2) != 0 && strncasecmp(text, "PM", 2) != 0)
        return NULL;
    *afternoon = toupper((unsigned char)*text) == 'P';
    return text + 2;
}

/* "+hhmm", "+hh:mm", "+hh", or "Z". */
static const char *read_zone(const char *text, int *seconds)
{
    int hours, minutes = 0;

    text = skip_space(text);
    *seconds = 0;
    if (*text == 'Z')
        return text + 1;
    if (*text != '+' && *text != '-')
        return NULL;
    int sign = *text == '-' ? -1 : 1;
    const char *end = read_digits(text + 1, 2, &hours);
    if (end != text + 3)
        return NULL;
    text = end;
    if (isdigit((unsigned char)text[*text == ':'])) {
        const char *begin = text + (*text == ':');
        text = read_digits(begin, 2, &minutes);
        if (text != begin + 2 || minutes > 59)
            return NULL;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return text;
}

/* Seconds since 1970: a whole date and time in one number. */
static const char *read_moment(const char *text, int *said)
{
    char *end;
    time_t moment = strtol(text, &end, 10);
    struct tm when;

    if (end == text || gmtime_r(&moment, &when) == NULL)
        return NULL;
    said[SECOND] = when.tm_sec;
    said[MINUTE] = when.tm_min;
    said[HOUR] = when.tm_hour;
    said[DAY] = when.tm_mday;
    said[MONTH] = when.tm_mon;
    said[YEAR] = 1900 + when.tm_year;
    return end;
}

static const char *read_text(const char *text, const char *format, int *said);

static const char *read_conversion(const char *text, char conversion, int *said)
{
    const char *several = longhand(conversion);

    if (several != NULL)
        return read_text(text, several, said);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].conversion == conversion)
            return read_number(text, &numbers[i], said);
    switch (conversion) {
    case 'a':
    case 'A':
        return read_name(text, __day_names, DAY_NAMES, &said[WEEKDAY]);
    case 'b':
    case 'B':
    case 'h':
        return read_name(text, __month_names, MONTH_NAMES, &said[MONTH]);
    case 'n':
    case 't':
        return skip_space(text);
    case 'p':
        return read_half(text, &said[AFTERNOON]);
    case 's':
        return read_moment(text, said);
    case 'z':
        return read_zone(text, &said[ZONE]);
    case '%':
        return *text == '%' ? text + 1 : NULL;
    }
    return NULL;
}

static const char *read_text(const char *text, const char *format, int *said)
{
    for (; *format != '\0' && text != NULL; format++) {
        if (isspace((unsigned char)*format)) {
            text = skip_space(text);
        } else if (*format != '%') {
            text = *text == *format ? text + 1 : NULL;
        } else {
            format++;
            if (*format == 'E' || *format == 'O')
                format++;
            if (*format == '\0')
                return NULL;
            text = read_conversion(text, *format, said);
        }
    }
    return text;
}

/* Two digits of a year mean 1969 to 2068; a century alone keeps the two digits that the struct has. */
static void join_year(int *said, const struct tm *to)
{
    if (said[YEAR] != NOT_SAID || (said[CENTURY] == NOT_SAID && said[YEAR_OF_CENTURY] == NOT_SAID))
        return;
    int two = said[YEAR_OF_CENTURY];
    if (two == NOT_SAID)
        two = (to->tm_year % 100 + 100) % 100;
    int century = said[CENTURY];
    if (century == NOT_SAID)
        century = two < 69 ? 20 : 19;
    said[YEAR] = century * 100 + two;
}

static void join_hour(int *said)
{
    if (said[HOUR_OF_12] != NOT_SAID)
        said[HOUR] = said[HOUR_OF_12] % 12 + (said[AFTERNOON] == 1 ? 12 : 0);
}

/* From the year and its day, or from the month and its day, all that a date has. */
static void complete_date(int *said)
{
    bool by_month = said[MONTH] != NOT_SAID && said[DAY] != NOT_SAID;

    if (said[YEAR] == NOT_SAID || (!by_month && said[DAY_OF_YEAR] == NOT_SAID))
        return;
    struct tm date = {
        .tm_year = said[YEAR] - 1900,
        .tm_mon = by_month ? said[MONTH] : 0,
        .tm_mday = by_month ? said[DAY] : said[DAY_OF_YEAR] + 1,
    };
    timegm(&date);
    if (!by_month) {
        said[MONTH] = date.tm_mon;
        said[DAY] = date.tm_mday;
    }
    if (said[DAY_OF_YEAR] == NOT_SAID)
        said[DAY_OF_YEAR] = date.tm_yday;
    if (said[WEEKDAY] == NOT_SAID)
        said[WEEKDAY] = date.tm_wday;
}

static void store(int *field, int value)
{
    if (value != NOT_SAID)
        *field = value;
}

/* Returns where it stopped to read, or NULL: then nothing was stored. */
char *strptime(const char *restrict text, const char *restrict format, struct tm *restrict to)
{
    int said[PARTS];

    for (int i = 0; i < PARTS; i++)
        said[i] = NOT_SAID;
    text = read_text(text, format, said);
    if (text == NULL)
        return NULL;
    join_year(said, to);
    join_hour(said);
    complete_date(said);
    store(&to->tm_sec, said[SECOND]);
    store(&to->tm_min, said[MINUTE]);
    store(&to->tm_hour, said[HOUR]);
    store(&to->tm_mday, said[DAY]);
    store(&to->tm_mon, said[MONTH]);
    if (said[YEAR] != NOT_SAID)
        to->tm_year = said[YEAR] - 1900;
    if (said[WEEKDAY] != NOT_SAID)
        to->tm_wday = said[WEEKDAY] % 7;
    store(&to->tm_yday, said[DAY_OF_YEAR]);
    if (said[ZONE] != NOT_SAID)
        to->tm_gmtoff = said[ZONE];
    return (char *)text;
}
