/* SPDX-License-Identifier: MIT */
/* login.c - who logged in. There is no list of sessions to look into: the name is the one that login left in the environment, which the
 * user could change. What must know who somebody is asks for his number (getuid). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *getlogin(void)
{
    char *name = getenv("LOGNAME");

    if (name == NULL)
        errno = ENXIO;
    return name;
}

/* Returns 0 or the error number. */
int getlogin_r(char *to, size_t size)
{
    const char *name = getenv("LOGNAME");

    if (name == NULL)
        return ENXIO;
    return strlcpy(to, name, size) < size ? 0 : ERANGE;
}
