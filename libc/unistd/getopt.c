/* SPDX-License-Identifier: MIT */
/* getopt.c - options of a command line.
 *
 * In the order given: parsing ends at the first word that is no option (POSIX; glibc sorts the words unless
 * told not to). "a:" takes a value, "a::" one only in the same word; "--" ends the options; a leading ':'
 * keeps getopt silent. To getopt_long_only a word with one dash is a long option, too, unless only a short one
 * can be meant. Its variables are the program's, one set for all threads. */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1;
int opterr = 1;
int optopt;

static const char *inside; /* the rest of a word of short options: "-abc" after 'a' */

static int complain(char *const argv[], const char *options, const char *message, const char *name,
                    int length)
{
    if (opterr && *options != ':')
        fprintf(stderr, "%s: %s '%.*s'\n", argv[0], message, length, name);
    return '?';
}

/* The value that belongs to a short option, if it takes one. Returns the option, or what a missing value is
 * told by. */
static int take_value(int argc, char *const argv[], const char *options, const char *found)
{
    if (found[1] != ':')
        return optopt;
    if (*inside != '\0') {
        optarg = (char *)inside;
        inside = NULL;
        return optopt;
    }
    inside = NULL;
    if (found[2] == ':')
        return optopt;
    if (optind < argc) {
        optarg = argv[optind++];
        return optopt;
    }
    complain(argv, options, "option requires an argument --", found, 1);
    return *options == ':' ? ':' : '?';
}

static const char *find_short(const char *options, int c)
{
    return c == ':' ? NULL : strchr(options + (*options == ':' || *options == '+'), c);
}

static int next_short(int argc, char *const argv[], const char *options)
{
    optopt = (unsigned char)*inside++;
    const char *found = find_short(options, optopt);
    if (found == NULL) {
        char name = (char)optopt;
        if (*inside == '\0')
            inside = NULL;
        return complain(argv, options, "invalid option --", &name, 1);
    }
    int answer = take_value(argc, argv, options, found);
    if (inside != NULL && *inside == '\0')
        inside = NULL;
    return answer;
}

/* True when the next word is one of options; steps over "--". */
static bool begin_word(int argc, char *const argv[])
{
    if (optind == 0) {
        optind = 1;
        inside = NULL;
    }
    if (inside != NULL)
        return true;
    if (optind >= argc || argv[optind][0] != '-' || argv[optind][1] == '\0')
        return false;
    if (strcmp(argv[optind], "--") == 0) {
        optind++;
        return false;
    }
    return true;
}

int getopt(int argc, char *const argv[], const char *options)
{
    optarg = NULL;
    if (!begin_word(argc, argv))
        return -1;
    if (inside == NULL)
        inside = argv[optind++] + 1;
    return next_short(argc, argv, options);
}

/* The option that the name means: exactly, or as the only one that begins so. -1: none, -2: several. */
static int find_long(const struct option *options, const char *name, size_t length)
{
    int found = -1;

    for (int i = 0; options[i].name != NULL; i++) {
        if (strncmp(options[i].name, name, length) != 0)
            continue;
        if (options[i].name[length] == '\0')
            return i;
        found = found == -1 ? i : -2;
    }
    return found;
}

static int next_long(int argc, char *const argv[], const char *options, const struct option *long_options,
                     int *index)
{
    const char *word = argv[optind++], *name = word + (word[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    int found = find_long(long_options, name, length), shown = (int)(name - word + (ptrdiff_t)length);

    optopt = 0;
    if (found < 0)
        return complain(argv, options, found == -1 ? "unrecognized option" : "ambiguous option", word, shown);
    const struct option *option = &long_options[found];
    optopt = option->val;
    if (name[length] == '=' && option->has_arg == no_argument)
        return complain(argv, options, "option doesn't allow an argument", word, shown);
    if (name[length] == '=')
        optarg = (char *)name + length + 1;
    else if (option->has_arg == required_argument && optind < argc)
        optarg = argv[optind++];
    else if (option->has_arg == required_argument) {
        complain(argv, options, "option requires an argument", word, shown);
        return *options == ':' ? ':' : '?';
    }
    if (index != NULL)
        *index = found;
    if (option->flag == NULL)
        return option->val;
    *option->flag = option->val;
    return 0;
}

int getopt_long(int argc, char *const argv[], const char *options, const struct option *long_options,
                int *index)
{
    optarg = NULL;
    if (!begin_word(argc, argv))
        return -1;
    if (inside == NULL && argv[optind][1] == '-')
        return next_long(argc, argv, options, long_options, index);
    return getopt(argc, argv, options);
}

/* One letter that is a short option is that one; so is a word whose first letter is, when no long option begins as the word does. */
static bool means_long(const char *word, const char *options, const struct option *long_options)
{
    if (word[1] == '-')
        return true;
    bool is_short = find_short(options, (unsigned char)word[1]) != NULL;
    if (!is_short)
        return true;
    return word[2] != '\0' && find_long(long_options, word + 1, strcspn(word + 1, "=")) != -1;
}

int getopt_long_only(int argc, char *const argv[], const char *options, const struct option *long_options,
                     int *index)
{
    optarg = NULL;
    if (!begin_word(argc, argv))
        return -1;
    if (inside == NULL && means_long(argv[optind], options, long_options))
        return next_long(argc, argv, options, long_options, index);
    return getopt(argc, argv, options);
}
