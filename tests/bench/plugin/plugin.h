/* SPDX-License-Identifier: MIT */
/* plugin.h - QEMU's interface for TCG plugins, as much of it as ours use, and the marks of measured programs.
 *
 * QEMU's header qemu-plugin.h is not packaged, so the few functions that are used are declared here, as version 1 of the
 * interface has them (QEMU 4.2 to 8.x).
 *
 * A measured program says where counting begins, ends, and where the next path starts by an instruction that does nothing:
 * `nopl MARK_WORD+kind(%rax)`. END_BESIDE is an END that counts for the path after the current one. The plugin sees it when it is translated and counts it when it runs. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int operation, void *word,
                                                     uint64_t value);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                                   int flags, void *argument);
extern void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *argument);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv);

enum mark { NO_MARK, BEGIN, END, NEXT, END_BESIDE };
#define MARK_WORD 0x464c0000u

static inline enum mark mark_of(const uint8_t *code, size_t size)
{
    uint32_t word;

    if (size != 7 || code[0] != 0x0f || code[1] != 0x1f || code[2] != 0x80)
        return NO_MARK;
    memcpy(&word, code + 3, sizeof(word));
    word -= MARK_WORD;
    return word >= BEGIN && word <= END_BESIDE ? (enum mark)word : NO_MARK;
}
