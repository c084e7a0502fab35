/* SPDX-License-Identifier: MIT */
/* oom.c - out of memory: the table first, the decision second, and the decision in Linux's words (its mm/oom_kill.c).
 *
 * The choice is Linux's: the score is what the process's end would give back, resident pages, swapped ones and page tables, here in
 * thousandths of RAM and swap, and its oom_score_adj on top; the highest goes, among equals the one that asked. Init and whoever has
 * an oom_score_adj of -1000 stay as long as anybody else is there; if nobody is, the one that asked goes. All that share the
 * victim's memory go with it, or nothing would come back. Until it is gone the one that asked gives up the CPU and touches
 * again: nothing is chosen twice. That may be in the middle of a system call's copy, which holds no lock that a dying process
 * could need: its sleeps end with the signal.
 *
 * The numbers of other processes are read without their locks: they may be a page off while those run. */
#include <proc/oom.h>
#include <trace/trace.h>

#include <arch/x86/switch.h>
#include <lib/log.h>
#include <lib/words.h>
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/swap.h>
#include <proc/language.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/usersym.h>

#include <asm/signal.h>

#include <asm-generic/siginfo.h>
#include <linux/oom.h>

#define KB(pages) ((pages) * (PAGE_SIZE / KIB))
#define PLACE_SIZE 160

static uint64_t pages_of(const struct process *process)
{
    const struct aspace *aspace = process->aspace;

    return aspace != NULL ? pmap_resident_pages(&aspace->pmap) + aspace->pmap.swapped + aspace->pmap.tables
                          : 0;
}

static int64_t ram_and_swap(void)
{
    return (int64_t)(commit_ram() + swap_state().total);
}

/* In pages, as Linux compares them: thousandths would make equals of those that differ little. */
static int64_t badness(const struct process *process)
{
    return (int64_t)pages_of(process) + process->oom_score_adj * (ram_and_swap() / OOM_SCORE_ADJ_MAX);
}

int64_t oom_score(const struct process *process)
{
    return badness(process) * OOM_SCORE_ADJ_MAX / ram_and_swap();
}

bool oom_may_end(const struct process *process)
{
    return process->pid != 1 && pages_of(process) != 0 && process->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

void oom_adjust(struct process *process, int thousandths)
{
    const struct aspace *aspace = process->vfork ? NULL : process->aspace;

    process->oom_score_adj = thousandths;
    PROCESS_FOREACH (other) {
        if (aspace && other->aspace == aspace && !other->vfork && other->pid != 1)
            other->oom_score_adj = thousandths;
    }
}

static bool is_dying(const struct process *process)
{
    return process->aspace != NULL &&
           (process->ending || process->signals->pending.set & signal_bit(SIGKILL));
}

/* => NULL: somebody is on the way out already. */
static struct process *choose(struct process *asking)
{
    struct process *victim = asking;

    PROCESS_FOREACH (process) {
        if (is_dying(process))
            return NULL;
        if (oom_may_end(process) && (!oom_may_end(victim) || badness(process) > badness(victim)))
            victim = process;
    }
    return victim;
}

static void say_table(bool chinese, const struct process *victim, const struct page_ledger *ledger)
{
    log_line("%s", TEXT(chinese, oom_head));
    PROCESS_FOREACH (process) {
        const struct aspace *aspace = process->aspace;
        if (aspace != NULL)
            log_line("%c%6d %9lu %9lu %9lu %6ld  %s%s", process == victim ? '*' : ' ', process->pid,
                     KB(pmap_resident_pages(&aspace->pmap)), KB(aspace->pmap.swapped),
                     KB(aspace->pmap.tables), oom_score(process), process->name,
                     process == victim ? TEXT(chinese, oom_victim) : "");
    }
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++) {
        if (ledger->frames[owner] != 0)
            log_line(TEXT(chinese, oom_frames), page_owner_name(owner), KB(ledger->frames[owner]));
    }
    struct swap_state swap = swap_state();
    if (swap.name)
        log_line(TEXT(chinese, oom_swap), KB(swap.total), KB(swap.taken));
}

static void say_decision(const struct process *victim)
{
    const struct aspace *aspace = victim->aspace;
    const uint64_t *resident = aspace->pmap.resident;

    log_line("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
             "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d",
             victim->pid, victim->name, KB(aspace->total), KB(resident[PAGE_ANON]), KB(resident[PAGE_FILE]),
             KB(resident[PAGE_SHMEM]), 0U, KB(aspace->pmap.tables), victim->oom_score_adj);
}

static void say_why(bool chinese, struct process *asking, vaddr_t rip)
{
    struct usersym symbols;
    char place[PLACE_SIZE];

    usersym_open(&symbols, asking);
    symtab_describe(&symbols.table, rip, 0, place, sizeof(place));
    if (place[0] == '?') /* mostly: to read symbols takes memory, too */
        format_text(place, sizeof(place), TEXT(chinese, instruction), rip);
    log_line(TEXT(chinese, oom_why), place);
    log_line("%s", TEXT(chinese, oom_try));
    usersym_close(&symbols);
}

bool oom_kill(vaddr_t address)
{
    const struct signal_info kill = {.number = SIGKILL, .code = SI_KERNEL};
    struct process *asking = current_process(), *victim = choose(asking);
    struct page_ledger ledger;

    if (is_dying(asking))
        return false;
    if (victim == NULL) {
        sched_yield();
        return true;
    }
    bool chinese = language_is_chinese(asking->aspace);
    page_ledger(&ledger);
    log_line("%s invoked oom-killer: order=0, oom_score_adj=%d", asking->name, asking->oom_score_adj);
    log_line(TEXT(chinese, oom_touch), asking->name, asking->pid, address);
    say_table(chinese, victim, &ledger);
    say_decision(victim);
    say_why(chinese, asking, thread_frame(current_thread()->stack_top)->rip);
    TRACE(oom_kill, .victim = (uint32_t)victim->pid, .rss_kb = KB(pmap_resident_pages(&victim->aspace->pmap)),
          .score = (uint64_t)MAX(oom_score(victim), 0));
    const struct aspace *aspace = victim->aspace;
    PROCESS_FOREACH (process) {
        if (process->aspace == aspace)
            signal_send(process, &kill);
    }
    return asking->aspace != aspace;
}
