/* SPDX-License-Identifier: MIT */
/* errortext.c - what an error number means, in the words that every Linux user knows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ERROR(number, text) [number] = text,

static const char *const texts[] = {
    [0] = "Success",
#include "string/errors.def"
};

/* Numbers that nobody defined are named in a buffer of the thread's own. */
char *strerror(int number)
{
    static _Thread_local char unknown[32];

    return strerror_r(number, unknown, sizeof(unknown));
}

char *strerror_r(int number, char *buffer, size_t size)
{
    if (number >= 0 && (size_t)number < COUNT(texts) && texts[number] != NULL)
        return (char *)texts[number];
    snprintf(buffer, size, "Unknown error %d", number);
    return buffer;
}

/* POSIX's form: 0, or the error number of what went wrong here. */
int __xpg_strerror_r(int number, char *buffer, size_t size)
{
    char unknown[32];
    const char *text = strerror_r(number, unknown, sizeof(unknown));

    if (strlcpy(buffer, text, size) >= size)
        return ERANGE;
    return text == unknown ? EINVAL : 0;
}

void perror(const char *text)
{
    int number = errno;

    if (text != NULL && *text != '\0')
        fprintf(stderr, "%s: %s\n", text, strerror(number));
    else
        fprintf(stderr, "%s\n", strerror(number));
}
