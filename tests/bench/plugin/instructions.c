/* SPDX-License-Identifier: MIT */
/* instructions.c - a QEMU TCG plugin that counts instructions exactly: of a whole program, and between its marks.
 *
 * A counter goes up by a translated block's length when the block is entered, so a mark in the middle of one takes off
 * what the block still has ahead. At the end the file that `out=` names gets `all N`, and for each path a line
 *     PATH INSTRUCTIONS PAIRS LONGEST        between BEGIN and END in sum, how many such pairs, the longest of them
 *
 * For qemu-x86_64 this is user mode only: what the kernel does in a system call or a fault is not in it. The counter
 * is not atomic: with several threads at work it is an estimate. Children of the program do not write. */
#include <stdio.h>
#include <unistd.h>

#include "plugin.h"

#define PATHS 256
#define ADD_U64 0

static uint64_t now, begun;
static struct {
    uint64_t sum, pairs, longest;
} paths[PATHS];
static unsigned path; /* 0 before the first NEXT */
static const char *output;
static pid_t owner;

/* `argument`: the mark's kind, and above it how many instructions of its block come behind it. */
static void mark(unsigned cpu, void *argument)
{
    uint64_t at = now - ((uintptr_t)argument >> 8);

    (void)cpu;
    switch ((enum mark)((uintptr_t)argument & 0xff)) {
    case BEGIN:
        begun = at;
        break;
    case END:
        paths[path].sum += at - begun;
        paths[path].pairs++;
        if (at - begun > paths[path].longest)
            paths[path].longest = at - begun;
        break;
    case NEXT:
        if (path < PATHS - 1)
            path++;
        break;
    case NO_MARK:
        break;
    }
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    size_t number = qemu_plugin_tb_n_insns(block);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &now, number);
    for (size_t i = 0; i < number; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        enum mark kind = mark_of(qemu_plugin_insn_data(instruction), qemu_plugin_insn_size(instruction));

        if (kind)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark, 0,
                                                   (void *)(uintptr_t)((number - i - 1) << 8 | kind));
    }
}

static void finish(plugin_id id, void *argument)
{
    FILE *file = getpid() == owner ? fopen(output, "w") : NULL;

    (void)id, (void)argument;
    if (!file)
        return;
    fprintf(file, "all %llu\n", (unsigned long long)now);
    for (unsigned number = 0; number <= path; number++)
        fprintf(file, "%u %llu %llu %llu\n", number, (unsigned long long)paths[number].sum,
                (unsigned long long)paths[number].pairs, (unsigned long long)paths[number].longest);
    fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const struct qemu_info *info,
                                                               int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
        return 1;
    output = strdup(argv[0] + 4);
    owner = getpid();
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
