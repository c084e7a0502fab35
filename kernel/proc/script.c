/* SPDX-License-Identifier: MIT */
/* script.c - "#!interpreter argument" taken apart as Linux takes it (fs/binfmt_script.c).
 *
 *     #!  /usr/bin/env   python3 -u  \n      -> "/usr/bin/env", "python3 -u"
 *
 * Everything behind the interpreter is one argument, inner blanks included; blanks at its end are cut off. A line that is
 * longer than what was read loses the end of its argument; but an interpreter that may have been cut is refused. */
#include <proc/script.h>

#include <asm-generic/errno.h>
#include <string.h>
#include <types.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static char *skip_blanks(char *from, const char *end)
{
    while (from < end && is_blank(*from))
        from++;
    return from;
}

/* The blank or NUL that ends the word; `end` if there is none. */
static char *word_end(char *from, const char *end)
{
    while (from < end && !is_blank(*from) && *from != '\0')
        from++;
    return from;
}

int script_parse(char line[SCRIPT_LINE_MAX], char **interpreter, char **argument)
{
    if (line[0] != '#' || line[1] != '!')
        return -ENOEXEC;
    char *limit = line + SCRIPT_LINE_MAX - 1, *end = memchr(line, '\n', SCRIPT_LINE_MAX);
    if (!end) {
        char *word = skip_blanks(line + 2, limit + 1);
        if (word_end(word, limit + 1) > limit)
            return -ENOEXEC;
        end = limit;
    }
    while (is_blank(end[-1]))
        end--;
    char *name = skip_blanks(line + 2, end);
    if (name == end)
        return -ENOEXEC;
    char *name_end = word_end(name, end);
    char *rest = name_end < end && *name_end != '\0' ? skip_blanks(name_end, end) : end;
    *end = *name_end = '\0';
    *interpreter = name;
    *argument = rest < end ? rest : NULL;
    return 0;
}
