/* SPDX-License-Identifier: MIT */
/* tmpnam.c - names for temporary files, only the names: mkstemp is what a program should use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATTERN P_tmpdir "/fileXXXXXX"
#define PREFIX_MOST 5

_Static_assert(sizeof(PATTERN) <= L_tmpnam, "tmpnam's name has room in the program's array");

/* Without an array of the caller's in one for all threads, as POSIX has it. */
char *tmpnam(char *name)
{
    static char shared[L_tmpnam];
    char *to = name != NULL ? name : shared;

    strcpy(to, PATTERN);
    return *mktemp(to) != '\0' ? to : NULL;
}

static const char *directory_for(const char *wanted)
{
    const char *preferred = secure_getenv("TMPDIR");

    if (preferred != NULL && access(preferred, W_OK) == 0)
        return preferred;
    if (wanted != NULL && access(wanted, W_OK) == 0)
        return wanted;
    return P_tmpdir;
}

/* Of the prefix its first five characters count. The name is the program's to free. */
char *tempnam(const char *directory, const char *prefix)
{
    char *name;

    if (asprintf(&name, "%s/%.*sXXXXXX", directory_for(directory), PREFIX_MOST,
                 prefix != NULL ? prefix : "file") < 0)
        return NULL;
    if (*mktemp(name) != '\0')
        return name;
    free(name);
    return NULL;
}
