/* SPDX-License-Identifier: MIT */
/* events.c - a QEMU TCG plugin that counts what an instruction count does not tell: writes of CR3, invlpg and wrmsr.
 * Each is one instruction, and each costs a real machine (and TCG) as much as hundreds.
 *
 * The measured program marks where counting begins, ends, and where the next path starts (BENCH_MARK in
 * tests/bench/bench.h): the marks are seen when they are translated, and counted when they run. At the end a line for each
 * path goes to the file that `out=` names:   PATH CR3 INVLPG WRMSR
 * With `hot=` a second file gets a line for each instruction that ran between begin and end:   ADDRESS (hex) TIMES
 *
 * One processor only. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

enum event { CR3, INVLPG, WRMSR, EVENTS };
#define PATHS 64

static uint64_t now[EVENTS], begun[EVENTS], total[PATHS][EVENTS];
static unsigned path; /* 0 before the first NEXT */
static const char *output, *hot_output;
static bool measuring;

/* How often each instruction ran, by its address: a hash table of chains. Entries stay where they are. */
struct hot {
    struct hot *next;
    uint64_t address, times;
};
#define HOT_BUCKETS 4096
static struct hot *hot[HOT_BUCKETS];

static struct hot *hot_at(uint64_t address)
{
    struct hot **bucket = &hot[address % HOT_BUCKETS], *entry = *bucket;

    while (entry && entry->address != address)
        entry = entry->next;
    if (!entry) {
        entry = calloc(1, sizeof(*entry));
        if (!entry)
            abort();
        entry->address = address;
        entry->next = *bucket;
        *bucket = entry;
    }
    return entry;
}

static void count_hot(unsigned cpu, void *argument)
{
    (void)cpu;
    ((struct hot *)argument)->times += measuring;
}

static void count(unsigned cpu, void *argument)
{
    (void)cpu;
    now[(uintptr_t)argument]++;
}

static void mark(unsigned cpu, void *argument)
{
    (void)cpu;
    switch ((enum mark)(uintptr_t)argument) {
    case BEGIN:
        memcpy(begun, now, sizeof(now));
        measuring = true;
        break;
    case END:
        measuring = false;
        for (int event = 0; event < EVENTS; event++)
            total[path][event] += now[event] - begun[event];
        break;
    case NEXT:
        if (path < PATHS - 1)
            path++;
        break;
    case END_BESIDE:
    case NO_MARK:
        break;
    }
}

/* => the event that these bytes are, or EVENTS */
static enum event event_of(const uint8_t *code, size_t size)
{
    while (size > 0 && (*code == 0x66 || (*code & 0xf0) == 0x40)) /* operand size, REX */
        code++, size--;
    if (size < 2 || code[0] != 0x0f)
        return EVENTS;
    if (code[1] == 0x30)
        return WRMSR;
    if (size < 3)
        return EVENTS;
    if (code[1] == 0x22 && (code[2] & 0x38) == 3 << 3) /* mov to cr3 */
        return CR3;
    if (code[1] == 0x01 && (code[2] & 0x38) == 7 << 3 &&
        code[2] < 0xc0) /* with a register it would be swapgs */
        return INVLPG;
    return EVENTS;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const uint8_t *code = qemu_plugin_insn_data(instruction);
        size_t size = qemu_plugin_insn_size(instruction);
        enum event event = event_of(code, size);
        enum mark kind = mark_of(code, size);

        if (hot_output)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, count_hot, 0,
                                                   hot_at(qemu_plugin_insn_vaddr(instruction)));
        if (event != EVENTS)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, count, 0, (void *)(uintptr_t)event);
        if (kind)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark, 0, (void *)(uintptr_t)kind);
    }
}

static void hot_write(void)
{
    FILE *file = hot_output ? fopen(hot_output, "w") : NULL;

    if (!file)
        return;
    for (size_t i = 0; i < HOT_BUCKETS; i++)
        for (const struct hot *entry = hot[i]; entry; entry = entry->next)
            if (entry->times > 0)
                fprintf(file, "%llx %llu\n", (unsigned long long)entry->address,
                        (unsigned long long)entry->times);
    fclose(file);
}

static void finish(plugin_id id, void *argument)
{
    FILE *file = fopen(output, "w");

    (void)id, (void)argument;
    hot_write();
    if (!file)
        return;
    for (unsigned number = 1; number <= path; number++)
        fprintf(file, "%u %llu %llu %llu\n", number, (unsigned long long)total[number][CR3],
                (unsigned long long)total[number][INVLPG], (unsigned long long)total[number][WRMSR]);
    fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const struct qemu_info *info,
                                                               int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            output = strdup(argv[i] + 4);
        else if (strncmp(argv[i], "hot=", 4) == 0)
            hot_output = strdup(argv[i] + 4);
        else
            return 1;
    }
    if (!output)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
