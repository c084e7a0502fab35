/* SPDX-License-Identifier: MIT */
/* explain_memory.c - out of memory: who has it, who must go, and why it happens at a touch and not at malloc.
 *
 * The table first, the decision second, and the decision in Linux's words (mm/oom_kill.c). Here the one who touched goes:
 * there is no swap yet and no choice of a victim. The numbers of other processes are read without their locks: they may
 * be a page off while those run. */
#include <proc/explain.h>

#include <lib/log.h>
#include <mm/page.h>
#include <proc/process.h>
#include <proc/usersym.h>
#include <x86/trapframe.h>

#define KB(pages) ((pages) * (PAGE_SIZE / KIB))
#define PLACE_SIZE 160

static void say_table(const struct process *victim)
{
    log_line("   pid   rss_kb    pt_kb  name");
    for (struct process *process = process_next(1); process != NULL;
         process = process_next(process->pid + 1)) {
        const struct aspace *aspace = process->aspace;
        if (aspace == NULL)
            continue;
        log_line("%c%5d %8lu %8lu  %s%s", process == victim ? '*' : ' ', process->pid,
                 KB(pmap_resident_pages(&aspace->pmap)), KB(aspace->pmap.tables), process->name,
                 process == victim ? "   <- killed: it is the one who needs a frame now" : "");
    }
}

static void say_frames(void)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++) {
        if (ledger.frames[owner] != 0)
            log_line("  frames: %-10s %8lu kB", page_owner_name(owner), KB(ledger.frames[owner]));
    }
}

void explain_out_of_memory(const struct trapframe *frame, vaddr_t address)
{
    struct process *process = current_process();
    const struct aspace *aspace = process->aspace;
    const uint64_t *resident = aspace->pmap.resident;
    struct usersym symbols;
    char place[PLACE_SIZE];

    log_line("%s[%d]: touch of %lx needs a frame, and there is none", process->name, process->pid, address);
    say_table(process);
    say_frames();
    log_line(
        "Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB, UID:%u "
        "pgtables:%lukB oom_score_adj:%d",
        process->pid, process->name, KB(aspace->total), KB(resident[PAGE_ANON]), KB(resident[PAGE_FILE]),
        KB(resident[PAGE_SHMEM]), 0U, KB(aspace->pmap.tables), 0);
    usersym_open(&symbols, process);
    symtab_describe(&symbols.table, frame->rip, place, sizeof(place));
    log_line("why here and not at malloc? malloc got a promise; the touch at %s asked for the frame itself",
             place[0] != '?' ? place : "this instruction");
    usersym_close(&symbols);
}
