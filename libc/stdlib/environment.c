/* SPDX-License-Identifier: MIT */
/* environment.c - the NAME=VALUE strings of a process.
 *
 * environ first points at the kernel's array on the stack. The first addition moves the array (not the
 * strings) into malloc's memory, with room to grow; `own` is that array. Strings made by setenv are never
 * freed: another part of the program may still hold what getenv gave it. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static char **own;
static size_t own_size;

/* The place of NAME=..., or of the NULL at the end. */
static char **find(const char *name, size_t length)
{
    char **entry = environ;

    while (*entry != NULL && (strncmp(*entry, name, length) != 0 || (*entry)[length] != '='))
        entry++;
    return entry;
}

char *getenv(const char *name)
{
    size_t length = strlen(name);

    if (environ == NULL || length == 0 || strchr(name, '=') != NULL)
        return NULL;
    char **entry = find(name, length);
    return *entry != NULL ? *entry + length + 1 : NULL;
}

char *secure_getenv(const char *name)
{
    return getauxval(AT_SECURE) != 0 ? NULL : getenv(name);
}

static bool append(char *entry)
{
    size_t count = 0;

    while (environ != NULL && environ[count] != NULL)
        count++;
    if (environ != own || count + 2 > own_size) {
        size_t size = 2 * count + 8;
        char **larger = realloc(own, size * sizeof(*larger));
        if (larger == NULL)
            return false;
        if (environ != own && count > 0)
            memcpy(larger, environ, count * sizeof(*larger));
        environ = own = larger;
        own_size = size;
    }
    environ[count] = entry;
    environ[count + 1] = NULL;
    return true;
}

/* Puts the string itself into the environment, in the place of a former one of that name. */
static int put(char *entry, size_t name_length)
{
    char **place = environ != NULL ? find(entry, name_length) : NULL;

    if (place != NULL && *place != NULL) {
        *place = entry;
        return 0;
    }
    return append(entry) ? 0 : -1;
}

static bool is_name(const char *name)
{
    if (name != NULL && *name != '\0' && strchr(name, '=') == NULL)
        return true;
    errno = EINVAL;
    return false;
}

int setenv(const char *name, const char *value, int overwrite)
{
    if (!is_name(name))
        return -1;
    if (!overwrite && getenv(name) != NULL)
        return 0;

    size_t name_length = strlen(name), value_length = strlen(value);
    char *entry = malloc(name_length + value_length + 2);
    if (entry == NULL)
        return -1;
    memcpy(entry, name, name_length);
    entry[name_length] = '=';
    memcpy(entry + name_length + 1, value, value_length + 1);
    if (put(entry, name_length) != 0) {
        free(entry);
        return -1;
    }
    return 0;
}

int unsetenv(const char *name)
{
    if (!is_name(name))
        return -1;
    if (environ == NULL)
        return 0;

    size_t length = strlen(name);
    char **entry = find(name, length);
    while (*entry != NULL) { /* the same name may stand there twice */
        for (char **next = entry; *next != NULL; next++)
            *next = next[1];
        entry = find(name, length);
    }
    return 0;
}

/* A string without '=' removes the name, as in glibc. */
int putenv(char *entry)
{
    char *equals = strchr(entry, '=');

    return equals != NULL ? put(entry, (size_t)(equals - entry)) : unsetenv(entry);
}

int clearenv(void)
{
    static char *nothing[1];

    nothing[0] = NULL;
    environ = nothing;
    return 0;
}
