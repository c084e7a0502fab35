/* SPDX-License-Identifier: MIT */
/* integer.c - text to integers: the strtol family and atoi. All read one magnitude, and differ in their
 * limits. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

struct parsed {
    const char *end; /* behind the last digit; the text itself when there was none */
    uintmax_t magnitude;
    bool negative;
    bool overflow; /* magnitude is UINTMAX_MAX then */
};

/* The digit's value in the largest base, 36 for anything else. */
static int digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    if (isalpha((unsigned char)c))
        return tolower((unsigned char)c) - 'a' + 10;
    return 36;
}

/* 0x counts as a prefix only when a digit follows: "0xg" is 0 and leaves "xg". */
static bool has_hexadecimal_prefix(const char *at)
{
    return at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value(at[2]) < 16;
}

static struct parsed parse(const char *text, int base)
{
    struct parsed parsed = {.end = text};
    const char *at = text;

    if (base < 0 || base == 1 || base > 36) {
        errno = EINVAL;
        return parsed;
    }
    while (isspace((unsigned char)*at))
        at++;
    if (*at == '-' || *at == '+')
        parsed.negative = *at++ == '-';
    if ((base == 0 || base == 16) && has_hexadecimal_prefix(at)) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = *at == '0' ? 8 : 10;

    for (; digit_value(*at) < base; parsed.end = ++at)
        if (__builtin_mul_overflow(parsed.magnitude, (unsigned int)base, &parsed.magnitude) ||
            __builtin_add_overflow(parsed.magnitude, (unsigned int)digit_value(*at), &parsed.magnitude))
            parsed.overflow = true;
    if (parsed.overflow)
        parsed.magnitude = UINTMAX_MAX;
    return parsed;
}

intmax_t strtoimax(const char *restrict text, char **restrict end, int base)
{
    struct parsed parsed = parse(text, base);
    uintmax_t limit = (uintmax_t)INTMAX_MAX + parsed.negative;

    if (end != NULL)
        *end = (char *)parsed.end;
    if (parsed.magnitude > limit) {
        errno = ERANGE;
        return parsed.negative ? INTMAX_MIN : INTMAX_MAX;
    }
    return (intmax_t)(parsed.negative ? -parsed.magnitude : parsed.magnitude);
}

/* A minus sign is allowed: the negated value, as an unsigned number. */
uintmax_t strtoumax(const char *restrict text, char **restrict end, int base)
{
    struct parsed parsed = parse(text, base);

    if (end != NULL)
        *end = (char *)parsed.end;
    if (parsed.overflow) {
        errno = ERANGE;
        return UINTMAX_MAX;
    }
    return parsed.negative ? -parsed.magnitude : parsed.magnitude;
}

/* long and long long are as wide as intmax_t. */
long strtol(const char *restrict text, char **restrict end, int base)
{
    return strtoimax(text, end, base);
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return strtoimax(text, end, base);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return strtoumax(text, end, base);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return strtoumax(text, end, base);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
    return strtoll(text, NULL, 10);
}
