/* SPDX-License-Identifier: MIT */
/* exec.c - a process becomes another program.
 *
 * Everything that can fail is done on an address space of its own, beside the old one: map the file, make the
 * stack, write to it. Then the process steps over (commit), which cannot fail.
 *
 * So the old program would be there after any error. But Linux lets it go first, once it has read the headers, and who fails
 * later dies by SIGSEGV; programs can see that, so here they die as well: program_open() refuses, program_make() kills.
 *
 * The new stack, byte for byte as Linux lays it out (fs/exec.c, fs/binfmt_elf.c):
 *
 *     7ffffffff000  end                             stack region: 128 KiB more than the strings' pages need
 *          -8       zero
 *                   path of the program   <- AT_EXECFN
 *                   envp strings
 *                   argv strings          <- arg_start
 *                   "x86_64", 16 random bytes
 *                   auxv, NULL, envp pointers, NULL, argv pointers, argc    <- rsp, a multiple of 16 */
#include <arch/x86/fpu.h>
#include <arch/x86/switch.h>
#include <asm-generic/errno.h>
#include <dev/random.h>
#include <lib/log.h>
#include <mm/access.h>
#include <mm/tell.h>
#include <proc/arguments.h>
#include <proc/elf.h>
#include <proc/exec.h>
#include <proc/process.h>
#include <proc/script.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <string.h>
#include <vdso/vdso.h>

#include <asm/auxvec.h>
#include <asm/signal.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/stat.h>
#include <linux/time.h>

#define STACK_EXTRA (128 * KIB)    /* what Linux adds below the strings' pages */
#define CPUID_FEATURES 1           /* leaf whose edx is AT_HWCAP */
#define HWCAP2_FSGSBASE (1UL << 1) /* <asm/hwcap2.h> */
#define USER_HZ 100                /* AT_CLKTCK: what times(2) counts in */
#define SIGNAL_FRAME_MIN 2048      /* MINSIGSTKSZ: ours, with an FXSAVE image, is smaller */
#define RANDOM_SIZE 16
#define SCRIPT_DEPTH_MAX 5 /* scripts whose interpreters are scripts */
#define WORD sizeof(uint64_t)

static const char platform[] = "x86_64";

/* ---- The stack ---- */

/* Writes words upwards, a buffer at a time. */
struct word_writer {
    struct aspace *aspace;
    vaddr_t to;
    unsigned count;
    bool failed;
    uint64_t words[64];
};

static void flush_words(struct word_writer *writer)
{
    size_t size = writer->count * WORD;
    if (access_write(writer->aspace, writer->to, writer->words, size, false) != size)
        writer->failed = true;
    writer->to += size;
    writer->count = 0;
}

static void put_word(struct word_writer *writer, uint64_t word)
{
    writer->words[writer->count++] = word;
    if (writer->count == ARRAY_SIZE(writer->words))
        flush_words(writer);
}

static int map_stack(struct aspace *aspace, vaddr_t lowest_string, bool executable)
{
    uint64_t size = STACK_TOP - page_floor(lowest_string) + STACK_EXTRA;
    uint64_t limit = page_floor(aspace->limit_stack);
    size = MAX(MIN(size, limit), STACK_TOP - page_floor(lowest_string));
    vaddr_t start = STACK_TOP - size;
    uint32_t flags = VMA_READ | VMA_WRITE | VMA_MAY_WRITE | VMA_STACK | (executable ? VMA_EXEC : 0U);

    MUTEX_GUARD(&aspace->lock);
    bool mapped = vma_range_free(&aspace->vmas, start, STACK_TOP) && aspace_may_grow(aspace, size, flags) &&
                  aspace_map(aspace, start, STACK_TOP, flags, NULL, start >> PAGE_SHIFT);
    return mapped ? 0 : -ENOMEM;
}

static uint64_t hardware_capabilities(void)
{
    uint32_t eax, ebx, ecx, edx;
    cpu_cpuid(CPUID_FEATURES, 0, &eax, &ebx, &ecx, &edx);
    return edx;
}

/* In Linux's order. Linux since 6.3 adds AT_RSEQ_FEATURE_SIZE and AT_RSEQ_ALIGN, which promise the call rseq. */
#define AUXV_WORDS (2 * 21UL)
static void make_auxv(uint64_t auxv[AUXV_WORDS], const struct elf_image *image, vaddr_t random, vaddr_t path,
                      vaddr_t platform_name)
{
    const uint64_t all[][2] = {
        {AT_SYSINFO_EHDR, image->vdso},
        {AT_MINSIGSTKSZ, SIGNAL_FRAME_MIN},
        {AT_HWCAP, hardware_capabilities()},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, USER_HZ},
        {AT_PHDR, image->headers},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, image->header_count},
        {AT_BASE, image->base},
        {AT_FLAGS, 0},
        {AT_ENTRY, image->program_entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_SECURE, 0},
        {AT_RANDOM, random},
        {AT_HWCAP2, cpu_read_cr4() & CR4_FSGSBASE ? HWCAP2_FSGSBASE : 0},
        {AT_EXECFN, path},
        {AT_PLATFORM, platform_name},
        {AT_NULL, 0},
    };
    static_assert(sizeof(all) == AUXV_WORDS * WORD, "as many as make_stack() leaves room for");
    memcpy(auxv, all, sizeof(all));
}

/* argc, the pointers and the auxv, upwards from rsp. */
static int write_table(struct aspace *aspace, vaddr_t rsp, const struct arguments *arguments,
                       const uint64_t auxv[AUXV_WORDS])
{
    struct word_writer writer = {.aspace = aspace, .to = rsp};
    struct offset_reader offsets = arguments_offsets(arguments);
    put_word(&writer, arguments->argc);
    for (unsigned i = 0; i < arguments->argc; i++)
        put_word(&writer, aspace->arg_start + arguments_next_offset(&offsets));
    put_word(&writer, 0);
    for (unsigned i = 0; i < arguments->envc; i++)
        put_word(&writer, aspace->arg_start + arguments_next_offset(&offsets));
    put_word(&writer, 0);
    for (unsigned i = 0; i < AUXV_WORDS; i++)
        put_word(&writer, auxv[i]);
    flush_words(&writer);
    return writer.failed ? -ENOMEM : 0;
}

static int make_stack(struct aspace *aspace, const struct elf_image *image, const struct arguments *arguments)
{
    vaddr_t strings = STACK_TOP - WORD - arguments->strings.size;
    int error = map_stack(aspace, strings, image->executable_stack);
    if (error)
        return error;
    aspace->arg_start = strings;
    aspace->arg_end = aspace->env_start = strings + arguments->environment;
    aspace->env_end = strings + arguments->path;

    /* The random bytes and the platform's name lie next to each other: one write. */
    char fixed[RANDOM_SIZE + sizeof(platform)];
    random_bytes(fixed, RANDOM_SIZE);
    memcpy(fixed + RANDOM_SIZE, platform, sizeof(platform));
    vaddr_t fixed_start = (strings & ~15UL) - sizeof(fixed);

    uint64_t auxv[AUXV_WORDS];
    make_auxv(auxv, image, fixed_start, aspace->env_end, fixed_start + RANDOM_SIZE);
    uint64_t words = 1 + arguments->argc + 1 + arguments->envc + 1;
    aspace->stack_start = ((fixed_start & ~(WORD - 1)) - (AUXV_WORDS + words) * WORD) & ~15UL;

    error = arguments_copy_strings(arguments, aspace, strings);
    if (!error && access_write(aspace, fixed_start, fixed, sizeof(fixed), false) != sizeof(fixed))
        error = -ENOMEM;
    return error ? error : write_table(aspace, aspace->stack_start, arguments, auxv);
}

/* ---- The new program, not yet anybody's ---- */

/* The program that `path` leads to: the file itself or, for a script, its interpreter, or that one's. The arguments
 * follow. */
static int find_program(struct program *program, struct node *start, const char *path,
                        struct arguments *arguments)
{
    char lines[2][SCRIPT_LINE_MAX]; /* `path` lies in the one, while the other is read */
    char *interpreter, *argument;

    for (int depth = 0;; depth++) {
        struct node *node;
        char *line = lines[depth % 2];
        int error = program_find(start, path, &node);
        if (error)
            return error;
        error = node_run(node);
        if (error) {
            node_put(node);
            return error;
        }
        memset(line, 0, SCRIPT_LINE_MAX);
        error = program_read(node, 0, line, MIN(node->size, SCRIPT_LINE_MAX));
        if (!error && depth > SCRIPT_DEPTH_MAX)
            error = -ELOOP;
        if (!error && script_parse(line, &interpreter, &argument) != 0) {
            program->node = node; /* whatever else it is: elf_open() will say */
            return 0;
        }
        if (!error)
            error = arguments_for_script(arguments, interpreter, argument, path);
        node_run_put(node);
        if (error)
            return error;
        path = interpreter;
    }
}

static void program_drop(struct program *program)
{
    aspace_put(program->aspace);
    node_run_put(program->node);
}

int program_open(struct program *program, struct node *start, const char *path, struct arguments *arguments,
                 const struct rlimit64 *limits)
{
    int error = arguments_set_path(arguments, path);
    if (error)
        return error;
    error = find_program(program, start, path, arguments);
    if (error)
        return error;
    error = elf_open(&program->elf, start, program->node);
    if (error)
        goto put_node;
    error = -ENOMEM;
    program->aspace = aspace_create();
    if (!program->aspace)
        goto close_elf;
    program->aspace->limit_as = limits[RLIMIT_AS].rlim_cur;
    program->aspace->limit_data = limits[RLIMIT_DATA].rlim_cur;
    program->aspace->limit_stack = limits[RLIMIT_STACK].rlim_cur;
    const char *slash = strrchr(path, '/');
    strlcpy(program->name, slash ? slash + 1 : path, sizeof(program->name));
    return 0;

close_elf:
    elf_close(&program->elf);
put_node:
    node_run_put(program->node);
    return error;
}

int program_make(struct program *program, const struct arguments *arguments)
{
    struct elf_image image;
    int error = elf_map(program->aspace, &program->elf, &image);
    if (!error)
        error = vdso_map(program->aspace, &image.vdso);
    if (!error)
        error = make_stack(program->aspace, &image, arguments);
    elf_close(&program->elf);
    if (error)
        program_drop(program);
    else
        program->entry = image.entry;
    return error;
}

void program_adopt(struct task *task, struct program *program, struct trapframe *frame)
{
    struct process *process = task->thread.process;
    process->aspace = program->aspace;
    process->executable = program->node;
    memcpy(process->name, program->name, sizeof(process->name));
    task->thread.cr3 = program->aspace->pmap.cr3;
    task->thread.fs_base = 0;
    *frame = (struct trapframe){
        .rip = program->entry,
        .cs = USER_CODE,
        .rflags = RFLAGS_RESERVED | RFLAGS_IF,
        .rsp = program->aspace->stack_start,
        .ss = USER_DATA,
    };
}

/* ---- execve ---- */

static void tell_exec(struct aspace *aspace, const struct program *program)
{
    struct thread *thread = current_thread();
    char path[TOLD_NAME_MAX];

    thread->operation = thread->mark = 0;
    if (!TRACE_FROM(1))
        return;
    program->node->source->ops->name(program->node->source, path, sizeof(path));
    TRACE_TEXT(exec, path, .stack_low = aspace->stack_start, .stack_high = STACK_TOP, .entry = program->entry,
               .base = aspace->code_start, .brk = aspace->brk);
    aspace_tell(aspace, TRACE_vma_why_exec);
}

/* Nothing here can fail. */
static void commit(struct task *task, struct program *program, struct trapframe *frame)
{
    struct process *process = task->thread.process;
    struct aspace *old_aspace = process->aspace;
    struct node *old_executable = process->executable;
    const struct thread *thread = &task->thread;

    task_release_robust(task);
    task_clear_tid(task);
    process_refresh_usage(process); /* the peak and the faults of the old memory count for getrusage */
    process->past_faults = process->usage.minor_faults;
    process->past_major_faults = process->usage.major_faults;
    program_adopt(task, program, frame);
    frame->rflags |= TRAPFRAME_REPLACED;
    switch_load(this_cpu(), thread->stack_top, thread->cr3, thread->fs_base);
    fpu_reset();
    signals_exec(process->signals);
    timers_exec(process);
    fdtable_close_on_exec(process->files);
    task->stack = (struct sigframe_stack){0};
    process->has_execed = true;
    process->exit_signal = SIGCHLD; /* whatever clone was asked for */
    process_vfork_done(process);
    tell_exec(process->aspace, program);

    aspace_put(old_aspace);
    node_run_put(old_executable);
}

int process_exec(const char *path, struct arguments *arguments, struct trapframe *frame)
{
    struct process *process = current_process();
    struct program program;
    int error = program_open(&program, process->cwd, path, arguments, process->limits);
    if (error)
        return error;
    error = program_make(&program, arguments);
    if (error) {
        log_line("%s[%d]: %s cannot be executed: error %d", process->name, process->pid, path, -error);
        return SIGSEGV;
    }
    error = -EINTR; /* which nobody sees: the thread ends */
    if (task_end_others())
        error = fdtable_unshare(&process->files);
    if (!error)
        commit(current_task(), &program, frame);
    else
        program_drop(&program);
    return error;
}
