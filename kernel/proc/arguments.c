/* SPDX-License-Identifier: MIT */
/* arguments.c - collects the strings of execve before the old program is let go.
 *
 *     strings:  "ls\0" "-l\0" "PATH=/bin\0" "/bin/ls\0"       offsets: 0 3 6
 *
 * The strings come straight from user memory into chained frames, each byte once; from there they go to the
 * new stack, where only the addresses have to be added. The limits are Linux's (fs/exec.c): a string has at
 * most 128 KiB; strings and pointers together a quarter of the stack's limit, but never less than 128 KiB nor
 * more than 6 MiB. */
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <mm/access.h>
#include <proc/arguments.h>
#include <string.h>

#include <linux/limits.h>

#define STRING_MAX (32 * PAGE_SIZE) /* MAX_ARG_STRLEN of <linux/binfmts.h>, the NUL included */
#define TOTAL_MAX (6 * MIB)         /* three quarters of the default stack */
#define POINTER_SIZE sizeof(uint64_t)

/* Appends what `from` holds from `offset` on. */
static int chain_append_rest(struct page_chain *chain, const struct page_chain *from, size_t offset)
{
    size_t start = 0;
    for (const struct page *page = from->first; start < from->size; page = chain_next(page)) {
        size_t end = MIN(start + PAGE_SIZE, from->size), first = MAX(start, offset);
        int error = 0;
        if (first < end)
            error = chain_append(chain, (const char *)page_to_virt(page) + (first - start), end - first);
        if (error)
            return error;
        start = end;
    }
    return 0;
}

/* ---- Collecting ---- */

static size_t limit_for(uint64_t stack_limit)
{
    size_t limit = MIN(stack_limit / 4, TOTAL_MAX);
    return MAX(limit, (size_t)ARG_MAX);
}

static bool over_limit(const struct arguments *arguments)
{
    size_t pointers = (arguments->argc + arguments->envc + 1) * POINTER_SIZE;
    return arguments->strings.size + pointers > arguments->limit;
}

static int begin_string(struct arguments *arguments)
{
    uint32_t offset = (uint32_t)arguments->strings.size;
    return chain_append(&arguments->offsets, &offset, sizeof(offset));
}

/* Copies a string that may cross frames. */
static int add_user_string(struct arguments *arguments, vaddr_t string)
{
    struct page_chain *strings = &arguments->strings;
    size_t start = strings->size;
    int error = begin_string(arguments);
    while (!error) {
        size_t room;
        char *end = chain_end(strings, &room);
        if (!end)
            return -ENOMEM;
        ssize_t length = copy_string_from_user(end, string, room);
        if (length >= 0) {
            strings->size += (size_t)length + 1;
            break;
        }
        if (length != -ENAMETOOLONG)
            return (int)length;
        strings->size += room; /* no end within this frame */
        string += room;
        if (strings->size - start > STRING_MAX || over_limit(arguments))
            return -E2BIG;
    }
    return !error && strings->size - start > STRING_MAX ? -E2BIG : error;
}

static int add_kernel_string(struct arguments *arguments, const char *string)
{
    int error = begin_string(arguments);
    return error ? error : chain_append(&arguments->strings, string, strlen(string) + 1);
}

/* A vector of user pointers, ended by NULL; NULL itself counts as an empty one (Linux). */
static int add_user_vector(struct arguments *arguments, vaddr_t vector, unsigned *count)
{
    for (; vector; vector += POINTER_SIZE) {
        uint64_t string;
        if (!user_range_ok(vector, sizeof(string)) || copy_from_user(&string, vector, sizeof(string)) != 0)
            return -EFAULT;
        if (!string)
            break;
        int error = add_user_string(arguments, string);
        if (error)
            return error;
        (*count)++;
        if (over_limit(arguments))
            return -E2BIG;
    }
    return 0;
}

static int add_kernel_vector(struct arguments *arguments, char *const vector[], unsigned *count)
{
    for (; vector && *vector; vector++) {
        int error = add_kernel_string(arguments, *vector);
        if (error)
            return error;
        (*count)++;
    }
    return 0;
}

/* A program without argv[0] gets an empty one, as Linux does since 5.18. */
static int end_argv(struct arguments *arguments)
{
    if (arguments->argc == 0) {
        int error = add_kernel_string(arguments, "");
        if (error)
            return error;
        arguments->argc = 1;
    }
    arguments->environment = arguments->strings.size;
    return 0;
}

int arguments_from_user(struct arguments *arguments, uint64_t stack_limit, vaddr_t argv, vaddr_t envp)
{
    *arguments = (struct arguments){.limit = limit_for(stack_limit)};
    int error = add_user_vector(arguments, argv, &arguments->argc);
    if (!error)
        error = end_argv(arguments);
    return error ? error : add_user_vector(arguments, envp, &arguments->envc);
}

int arguments_from_kernel(struct arguments *arguments, uint64_t stack_limit, char *const argv[],
                          char *const envp[])
{
    *arguments = (struct arguments){.limit = limit_for(stack_limit)};
    int error = add_kernel_vector(arguments, argv, &arguments->argc);
    if (!error)
        error = end_argv(arguments);
    return error ? error : add_kernel_vector(arguments, envp, &arguments->envc);
}

int arguments_set_path(struct arguments *arguments, const char *path)
{
    arguments->path = arguments->strings.size;
    int error = chain_append(&arguments->strings, path, strlen(path) + 1);
    if (!error && over_limit(arguments))
        error = -E2BIG;
    return error;
}

void arguments_free(struct arguments *arguments)
{
    chain_free(&arguments->strings);
    chain_free(&arguments->offsets);
}

/* ---- Giving ---- */

int arguments_copy_strings(const struct arguments *arguments, struct aspace *aspace, vaddr_t to)
{
    size_t left = arguments->strings.size;
    for (const struct page *page = arguments->strings.first; left > 0; page = chain_next(page)) {
        size_t part = MIN(left, PAGE_SIZE);
        if (access_write(aspace, to, page_to_virt(page), part, false) != part)
            return -ENOMEM;
        to += part;
        left -= part;
    }
    return 0;
}

uint32_t arguments_next_offset(struct offset_reader *reader)
{
    const uint32_t *offsets = page_to_virt(reader->page);
    uint32_t offset = offsets[reader->position++];
    if (reader->position == PAGE_SIZE / sizeof(*offsets)) {
        reader->page = chain_next(reader->page);
        reader->position = 0;
    }
    return offset;
}

/* ---- Scripts ---- */

/* Where argv[1] begins, or the environment if there is none. */
static size_t first_string_end(const struct arguments *arguments)
{
    struct offset_reader reader = arguments_offsets(arguments);
    if (arguments->argc == 1)
        return arguments->environment;
    (void)arguments_next_offset(&reader);
    return arguments_next_offset(&reader);
}

/* All behind argv[0], with the places that it has now. */
static int add_rest(struct arguments *arguments, const struct arguments *old)
{
    struct offset_reader reader = arguments_offsets(old);
    size_t first = first_string_end(old);
    uint32_t shift = (uint32_t)(arguments->strings.size - first);
    (void)arguments_next_offset(&reader);
    for (unsigned i = 1; i < old->argc + old->envc; i++) {
        uint32_t offset = arguments_next_offset(&reader) + shift;
        int error = chain_append(&arguments->offsets, &offset, sizeof(offset));
        if (error)
            return error;
    }
    arguments->argc += old->argc - 1;
    arguments->envc = old->envc;
    arguments->environment = (uint32_t)old->environment + shift;
    arguments->path = (uint32_t)old->path + shift;
    return chain_append_rest(&arguments->strings, &old->strings, first);
}

int arguments_for_script(struct arguments *arguments, const char *interpreter, const char *argument,
                         const char *script)
{
    char *const front[] = {(char *)interpreter, (char *)(argument ? argument : script),
                           (char *)(argument ? script : NULL), NULL};
    struct arguments changed = {.limit = arguments->limit};
    int error = add_kernel_vector(&changed, front, &changed.argc);
    if (!error)
        error = add_rest(&changed, arguments);
    if (!error && over_limit(&changed))
        error = -E2BIG;
    if (error) {
        arguments_free(&changed);
        return error;
    }
    arguments_free(arguments);
    *arguments = changed;
    return 0;
}
