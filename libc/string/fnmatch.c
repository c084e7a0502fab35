/* SPDX-License-Identifier: MIT */
/* fnmatch.c - whether a name matches a pattern of the shell's kind: * ? [...] and \ before what stands for itself. Characters are bytes.
 *
 * A star first takes nothing. When what follows does not match, the last star takes one character more and the rest is tried again: no
 * earlier star need ever change, since all it could do is give the last one less to choose from. Under FNM_PATHNAME no star goes beyond a
 * slash, so one that was passed ends the choice of those before it. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    int (*holds)(int);
} classes[] = {
    {"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
    {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
    {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

static bool in_class(const char *name, size_t length, int c, int flags)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strncmp(classes[i].name, name, length) != 0 || classes[i].name[length] != '\0')
            continue;
        return classes[i].holds(c) ||
               (flags & FNM_CASEFOLD && (classes[i].holds(tolower(c)) || classes[i].holds(toupper(c))));
    }
    return false;
}

static bool in_range(int first, int last, int c, int flags)
{
    if (c >= first && c <= last)
        return true;
    return flags & FNM_CASEFOLD &&
           ((tolower(c) >= first && tolower(c) <= last) || (toupper(c) >= first && toupper(c) <= last));
}

/* [.x.] and [=x=] are x: no character has a longer name here. Returns it, and goes beyond it; 0: the bracket does not end. */
static int member(const char **at, int flags)
{
    const char *from = *at;

    if (from[0] == '[' && (from[1] == '.' || from[1] == '=') && from[2] && from[3] == from[1] &&
        from[4] == ']') {
        *at = from + 5;
        return (unsigned char)from[2];
    }
    if (*from == '\\' && !(flags & FNM_NOESCAPE))
        from++;
    if (*from == '\0' || (*from == '/' && flags & FNM_PATHNAME))
        return 0;
    *at = from + 1;
    return (unsigned char)*from;
}

/* From behind the opening bracket. Returns what is behind the closing one, NULL: there is none, and the opening one stands for itself. */
static const char *bracket(const char *at, int c, int flags, bool *holds)
{
    bool inverted = *at == '!' || *at == '^', found = false;

    at += inverted;
    for (bool first = true; first || *at != ']'; first = false) {
        const char *end = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;
        if (end) {
            found |= in_class(at + 2, (size_t)(end - at) - 2, c, flags);
            at = end + 2;
            continue;
        }
        int low = member(&at, flags), high = low;
        if (low && at[0] == '-' && at[1] != ']') {
            at++;
            high = member(&at, flags);
        }
        if (!low || !high)
            return NULL;
        found |= in_range(low, high, c, flags);
    }
    *holds = found != inverted;
    return at + 1;
}

/* One character that is there against what the pattern says next. Returns what the pattern goes on with, NULL: no match. */
static const char *one(const char *pattern, int c, int flags)
{
    bool slash = c == '/' && flags & FNM_PATHNAME, holds;

    if (*pattern == '?')
        return slash ? NULL : pattern + 1;
    if (*pattern == '[') {
        const char *behind = bracket(pattern + 1, c, flags, &holds);
        if (behind)
            return holds && !slash ? behind : NULL;
    }
    if (*pattern == '\\' && pattern[1] && !(flags & FNM_NOESCAPE))
        pattern++;
    int wanted = (unsigned char)*pattern;
    if (wanted == c || (flags & FNM_CASEFOLD && tolower(wanted) == tolower(c)))
        return wanted ? pattern + 1 : NULL;
    return NULL;
}

static bool hidden(const char *name, const char *at, int flags)
{
    return *at == '.' && flags & FNM_PERIOD && (at == name || (at[-1] == '/' && flags & FNM_PATHNAME));
}

static bool ends(const char *at, int flags)
{
    return *at == '\0' || (*at == '/' && flags & FNM_LEADING_DIR);
}

int fnmatch(const char *pattern, const char *name, int flags)
{
    const char *after_star = NULL,
               *taken = NULL; /* the last star: what follows it, and where what it takes ends */
    const char *at = name;

    for (;;) {
        if (*pattern == '\0' && ends(at, flags))
            return 0;
        if (hidden(name, at, flags) && strchr("*?[", *pattern))
            return FNM_NOMATCH;
        if (*pattern == '*') {
            after_star = ++pattern;
            taken = at;
            continue;
        }
        const char *next = *at ? one(pattern, (unsigned char)*at, flags) : NULL;
        if (next) {
            if (*at == '/' && flags & FNM_PATHNAME)
                after_star = NULL;
            pattern = next;
            at++;
            continue;
        }
        if (!after_star || *taken == '\0' || (*taken == '/' && flags & FNM_PATHNAME))
            return FNM_NOMATCH;
        pattern = after_star;
        at = ++taken;
    }
}
