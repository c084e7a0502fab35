/* SPDX-License-Identifier: MIT */
/* environment.c - the NAME=VALUE strings of a process.
 *
 * environ first points at the kernel's array on the stack. The first addition moves the array (not the
 * strings) into malloc's memory, with room to grow; `own` is that array. Strings made by setenv are never
 * freed: another part of the program may still hold what getenv gave it. Nor is an array that became too small:
 * another thread may read it (execv does). They double, so all together are no more than the last.
 *
 * The functions here lock each other out (the library's lock, under which malloc is not called), so any threads may use them at the
 * same time. A program that changes environ, or the text of a string in it, by itself must see to its threads itself. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../thread/library.h"

static char **own; /* the library's lock, these two and environ */
static size_t own_size;
static char *nothing[1];

/* What is to be put in, and what was brought along for it. */
struct addition {
    char *entry;
    size_t name_length;
    bool overwrite;
    bool taken;   /* the entry is in the environment */
    char **array; /* room for a larger one */
    size_t array_size;
};

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

    if (length == 0 || strchr(name, '=') != NULL)
        return NULL;
    LIBRARY_HOLD();
    if (environ == NULL)
        return NULL;
    char **entry = find(name, length);
    return *entry != NULL ? *entry + length + 1 : NULL;
}

char *secure_getenv(const char *name)
{
    return getauxval(AT_SECURE) != 0 ? NULL : getenv(name);
}

/* Makes room behind `count` strings. False: neither the array in hand nor the one brought along is large enough. */
static bool make_room(struct addition *addition, size_t count)
{
    if (count + 2 > own_size) {
        if (count + 2 > addition->array_size)
            return false;
        memcpy(addition->array, environ, count * sizeof(*environ));
        environ = own = addition->array;
        own_size = addition->array_size;
        addition->array = NULL;
    } else if (environ != own) {
        memcpy(own, environ, count * sizeof(*environ));
        environ = own;
    }
    return true;
}

/* In the place of a former one of that name, or at the end. Returns 0, or how many pointers the array needs that it is to be
 * called with again. */
static size_t try_put(struct addition *addition)
{
    LIBRARY_HOLD();
    if (environ == NULL)
        environ = nothing;

    char **place = find(addition->entry, addition->name_length);
    size_t count = (size_t)(place - environ);

    addition->taken = *place == NULL || addition->overwrite;
    if (*place != NULL) {
        if (addition->overwrite)
            *place = addition->entry;
        return 0;
    }
    if (!make_room(addition, count))
        return 2 * count + 8;
    environ[count + 1] = NULL;
    environ[count] = addition->entry;
    return 0;
}

/* Puts the string itself into the environment. */
static int put(struct addition *addition)
{
    size_t wanted;

    while ((wanted = try_put(addition)) > 0) {
        free(addition->array);
        addition->array_size = wanted;
        addition->array = malloc(wanted * sizeof(*addition->array));
        if (addition->array == NULL) {
            addition->taken = false;
            return -1;
        }
    }
    free(addition->array);
    return 0;
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

    size_t name_length = strlen(name), value_length = strlen(value);
    char *entry = malloc(name_length + value_length + 2);
    if (entry == NULL)
        return -1;
    memcpy(entry, name, name_length);
    entry[name_length] = '=';
    memcpy(entry + name_length + 1, value, value_length + 1);

    struct addition addition = {.entry = entry, .name_length = name_length, .overwrite = overwrite != 0};
    int answer = put(&addition);

    if (!addition.taken)
        free(entry);
    return answer;
}

int unsetenv(const char *name)
{
    if (!is_name(name))
        return -1;
    LIBRARY_HOLD();
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

    if (equals == NULL)
        return unsetenv(entry);

    struct addition addition = {.entry = entry, .name_length = (size_t)(equals - entry), .overwrite = true};

    return put(&addition);
}

int clearenv(void)
{
    LIBRARY_HOLD();
    nothing[0] = NULL;
    environ = nothing;
    return 0;
}
