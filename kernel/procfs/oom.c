/* SPDX-License-Identifier: MIT */
/* oom.c - who would go first when memory ends: oom_score; and how that is changed: oom_score_adj, and oom_adj, its older form.
 *
 * Formats, ranges and refusals as in proc(5) and Linux's fs/proc/base.c. */
#include <procfs/files.h>

#include <proc/oom.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/oom.h>

#define BYTES_TAKEN 12UL /* of a write, no more: as on Linux */

void proc_oom_score(struct proctext *text)
{
    const struct process *process = text->process;
    int64_t score = oom_may_end(process) ? (1000 + oom_score(process)) * 2 / 3 : 0;

    proctext_printf(text, "%ld\n", MAX(score, 0));
}

void proc_oom_score_adj(struct proctext *text)
{
    proctext_printf(text, "%d\n", text->process->oom_score_adj);
}

void proc_oom_adj(struct proctext *text)
{
    int shown = text->process->oom_score_adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;

    proctext_printf(text, "%d\n", MIN(shown, OOM_ADJUST_MAX));
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a') + 10
                                                : 99;
}

/* A sign, 0x or 0, and digits, between spaces. => 0; -EINVAL: something else; -ERANGE: no int. */
static int integer_parse(const char *text, int *number)
{
    int64_t value = 0;

    while (is_space(*text))
        text++;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    unsigned base = *text != '0' ? 10 : (text[1] | 32) == 'x' && digit_of(text[2]) < 16 ? 16 : 8;
    text += base == 16 ? 2 : 0;
    if (digit_of(*text) >= base)
        return -EINVAL;
    for (; digit_of(*text) < base; text++)
        value = MIN(value * base + digit_of(*text), 1L << 40);
    while (is_space(*text))
        text++;
    if (*text != '\0')
        return -EINVAL;
    value = negative ? -value : value;
    *number = (int)value;
    return value == *number ? 0 : -ERANGE;
}

ssize_t proc_oom_set(const struct proc_node *node, char *text, size_t size)
{
    bool old = node->entry->text == proc_oom_adj;
    int number;

    text[BYTES_TAKEN] = '\0';
    int error = integer_parse(text, &number);
    if (error)
        return error;
    if (old ? (number < OOM_ADJUST_MIN || number > OOM_ADJUST_MAX) && number != OOM_DISABLE
            : number < OOM_SCORE_ADJ_MIN || number > OOM_SCORE_ADJ_MAX)
        return -EINVAL;
    if (old)
        number = number == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX : number * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
    struct process *process = proc_node_process(&node->node);
    if (!process)
        return -ESRCH;
    oom_adjust(process, number);
    return (ssize_t)MIN(size, BYTES_TAKEN);
}
