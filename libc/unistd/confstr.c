/* SPDX-License-Identifier: MIT */
/* confstr.c - words about the system: where its tools are, and how programs are compiled for it, which needs no special words. */
#include <errno.h>
#include <paths.h>
#include <string.h>
#include <unistd.h>

static const char *text_of(int name)
{
    switch (name) {
    case _CS_PATH:
        return _PATH_DEFPATH;
    case _CS_POSIX_V6_WIDTH_RESTRICTED_ENVS:
        return "POSIX_V6_LP64_OFF64";
    case _CS_POSIX_V7_WIDTH_RESTRICTED_ENVS:
        return "POSIX_V7_LP64_OFF64";
    case _CS_POSIX_V6_LP64_OFF64_CFLAGS ... _CS_POSIX_V6_LP64_OFF64_LINTFLAGS:
    case _CS_POSIX_V7_LP64_OFF64_CFLAGS ... _CS_POSIX_V7_LP64_OFF64_LINTFLAGS:
    case _CS_V6_ENV:
    case _CS_V7_ENV:
        return "";
    }
    return NULL;
}

/* What of it has room, with its end. => the size of all of it, 0: no such text */
size_t confstr(int name, char *to, size_t size)
{
    const char *text = text_of(name);

    if (text == NULL) {
        errno = EINVAL;
        return 0;
    }
    if (size > 0)
        strlcpy(to, text, size);
    return strlen(text) + 1;
}
