/* SPDX-License-Identifier: MIT */
/* version.c - names in the order that people count: "file9" before "file10".
 *
 * Runs of digits compare as numbers, everything else byte by byte. A run that begins with 0 is what follows a decimal point:
 *
 *     000  00  01  010  09  0  1  9  10
 */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
    return isdigit((unsigned char)c);
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

int strverscmp(const char *left, const char *right)
{
    size_t at = 0, begin; /* where they differ, and where the run of digits began in which they do */

    while (left[at] != '\0' && left[at] == right[at])
        at++;
    for (begin = at; begin > 0 && is_digit(left[begin - 1]);)
        begin--;
    int difference = (unsigned char)left[at] - (unsigned char)right[at];

    /* Two numbers: the longer one is the greater. */
    if (is_digit(left[begin]) && left[begin] != '0' && is_digit(right[begin]) && right[begin] != '0') {
        size_t of_left = count_digits(left + at), of_right = count_digits(right + at);
        return of_left == of_right ? difference : of_left > of_right ? 1 : -1;
    }
    /* Only zeros before: who has one more digit is the smaller fraction. */
    if (at > begin && strspn(left + begin, "0") >= at - begin && is_digit(left[at]) != is_digit(right[at]))
        return is_digit(left[at]) ? -1 : 1;
    return difference;
}

int versionsort(const struct dirent **left, const struct dirent **right)
{
    return strverscmp((*left)->d_name, (*right)->d_name);
}
