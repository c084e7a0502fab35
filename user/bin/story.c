/* SPDX-License-Identifier: MIT */
/* story [-p PID] [PROGRAM [ARG...]] - how each malloc of a program became frames, as a tree in words.
 *
 * Runs PROGRAM with the kernel's event stream (/proc/sys/kernel/trace, kernel/trace/events.def) turned on for it alone, then reads what
 * the kernel's ring holds (/proc/trace) and folds it by cause: under each operation of malloc stand the calls and regions that it
 * made, and what was touched of them later. Without PROGRAM: of what the ring holds now, process PID or the last one that began there.
 *
 * The ring holds the last MiB: of a long run the beginning is gone, and the first line says so. Function and line come from
 * /lib/debug, where every program of this system has its names. scripts/story on the host tells the same with nothing lost. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../kernel/lib/symtab.h"
#include "../../kernel/trace/events.h"
#include "../../kernel/trace/record.h"

#define LEVEL_FILE "/proc/sys/kernel/trace"
#define PID_FILE "/proc/sys/kernel/trace_pid"
#define RING_MAX (2UL << 20)
#define PACKET_HEADER 64
#define PACKET_CONTENT_BITS 40 /* where in the header (kernel/trace/ring.h) */
#define LATER_NS 100000        /* a pause that is worth a word */
#define NOT_FOUND 127          /* the shell's word for it */
#define COLUMN 66

/* ---- What events.def says ---- */

#define U8(name) sizeof(uint8_t) +
#define U16(name) sizeof(uint16_t) +
#define U32(name) sizeof(uint32_t) +
#define U64(name) sizeof(uint64_t) +
#define I64(name) sizeof(int64_t) +
#define X64(name) sizeof(uint64_t) +
#define E(type, name) sizeof(uint8_t) +
#define TEXT(size, name) (size) +
#define STRING(name) HAS_STRING +
#define HAS_STRING 0x1000
#define LABEL(enumeration, label) #label,
#define ENUM(name, ...)                                                                                      \
    static const char *const name##_labels[] __attribute__((unused)) = {EACH_LABEL(name, __VA_ARGS__)};
#define EVENT(number, name, level, ...)
#include "../../kernel/trace/events.def"
#undef ENUM
#undef EVENT
#define ENUM(name, ...)
#define EVENT(number, name, level, ...) [number] = 1 + __VA_ARGS__ 0,
/* 1 + the bytes of each event's payload, HAS_STRING more if a string ends it; 0: no such event. */
static const unsigned short sizes[] = {
#include "../../kernel/trace/events.def"
};

#define SYSCALL(name, kinds) [__NR_##name] = #name,
#include <asm/unistd.h>
static const char *const call_names[512] = {
#include "../../kernel/sys/table.h"
};

/* ---- The events of one process ---- */

static char *ring;
static const struct record **events;
static size_t count;
static struct symtab symbols;

#define PAYLOAD(at, name) ((const struct trace_##name *)events[at]->payload)

static void fail(const char *what)
{
    fprintf(stderr, "story: %s: %s\n", what, strerror(errno));
    exit(125);
}

static size_t file_read(const char *path, char *to, size_t size)
{
    int file = open(path, O_RDONLY);
    size_t got = 0;

    for (ssize_t n = 1; file >= 0 && n > 0 && got<size; got += n> 0 ? (size_t)n : 0)
        n = read(file, to + got, size - got);
    if (file >= 0)
        close(file);
    return got;
}

static void number_write(const char *path, unsigned long number)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%lu\n", number);
    int file = open(path, O_WRONLY);

    if (file < 0 || write(file, text, (size_t)length) != length)
        fail(path);
    close(file);
}

static size_t record_size(const struct record *record)
{
    unsigned size = record->event < sizeof(sizes) / sizeof(sizes[0]) ? sizes[record->event] : 0;

    if (size == 0)
        return 0;
    size_t fixed = (size - 1) & (HAS_STRING - 1);
    return sizeof(*record) + fixed +
           (size > HAS_STRING ? strlen((const char *)record->payload + fixed) + 1 : 0);
}

/* Calls visit for every record that the ring holds. => packets */
static unsigned each_record(size_t bytes, void (*visit)(const struct record *record))
{
    unsigned packets = 0;

    for (size_t at = 0; at + PACKET_HEADER <= bytes; packets++) {
        size_t end = at + *(const uint64_t *)(ring + at + PACKET_CONTENT_BITS) / 8, size;

        for (size_t next = at + PACKET_HEADER; next < end && end <= bytes; next += size) {
            const struct record *record = (const struct record *)(ring + next);

            size = record_size(record);
            if (size == 0)
                break;
            visit(record);
        }
        if (end <= at)
            break;
        at = end;
    }
    return packets;
}

static uint32_t wanted, last_begun;
static size_t room;

static void note_last(const struct record *record)
{
    if (record->event == TRACE_exec)
        last_begun = record->pid;
}

static void note_mine(const struct record *record)
{
    if (record->pid != wanted)
        return;
    if (count == room) {
        room = room ? 2 * room : 1024;
        events = realloc(events, room * sizeof(events[0]));
        if (!events)
            fail("events");
    }
    events[count++] = record;
}

/* ---- Words ---- */

static void line(int depth, const char *text, const char *right)
{
    int used = depth ? printf("%*s`- %s", 4 * depth - 3, "", text) : printf("%s", text);

    if (*right)
        printf("%*s  %s", used < COLUMN ? COLUMN - used : 0, "", right);
    putchar('\n');
}

#define SAY(depth, right, ...)                                                                               \
    do {                                                                                                     \
        char text_[256];                                                                                     \
        snprintf(text_, sizeof(text_), __VA_ARGS__);                                                         \
        line(depth, text_, right);                                                                           \
    } while (0)

/* => one of four buffers in turn */
static char *slot(void)
{
    static char slots[4][96];
    static unsigned next;

    return slots[next++ % 4];
}

static const char *place(uint64_t pc)
{
    struct symbol symbol;
    char *text = slot();

    if (symbols.size == 0 || !symtab_lookup(&symbols, pc, &symbol))
        snprintf(text, 96, "0x%lx", (unsigned long)pc);
    else if (symbol.file && strstr(symbol.file, "libc/malloc/"))
        snprintf(text, 96, "by malloc itself");
    else if (symbol.file)
        snprintf(text, 96, "%s:%u %s",
                 strrchr(symbol.file, '/') ? strrchr(symbol.file, '/') + 1 : symbol.file, symbol.line,
                 symbol.function);
    else
        snprintf(text, 96, "%s", symbol.function);
    return text;
}

static const char *change(long vsz_kib, long rss_kib, const char *where)
{
    char *text = slot(), vsz[32] = "", rss[32] = "";

    if (vsz_kib)
        snprintf(vsz, sizeof(vsz), "VSZ %+ldK", vsz_kib);
    if (rss_kib)
        snprintf(rss, sizeof(rss), "%sRSS %+ldK", vsz_kib ? "  " : "", rss_kib);
    snprintf(text, 96, "%s%s%s%s", vsz, rss, *where && (vsz_kib || rss_kib) ? "  " : "", where);
    return text;
}

static const char *call_text(size_t at, size_t end)
{
    static char text[192];
    const struct trace_sys_enter *call = PAYLOAD(at, sys_enter);
    const char *name = call->nr < 512 && call_names[call->nr] ? call_names[call->nr] : "syscall";
    int used = snprintf(text, sizeof(text), "%s(0x%lx, 0x%lx, 0x%lx)", name, (unsigned long)call->a0,
                        (unsigned long)call->a1, (unsigned long)call->a2);

    if (call->nr == __NR_brk || call->nr == __NR_exit_group)
        used = snprintf(text, sizeof(text), "%s(0x%lx)", name, (unsigned long)call->a0);
    if (call->nr == __NR_mmap)
        used = snprintf(text, sizeof(text), "mmap(0x%lx, %lu, prot %lu, flags 0x%lx)",
                        (unsigned long)call->a0, (unsigned long)call->a1, (unsigned long)call->a2,
                        (unsigned long)call->a3);
    if (end < count && events[end]->event == TRACE_sys_exit) {
        long result = (long)PAYLOAD(end, sys_exit)->result;
        snprintf(text + used, sizeof(text) - (size_t)used, result > 4095 ? " = 0x%lx" : " = %ld", result);
    }
    return text;
}

/* ---- Faults ---- */

static bool is_fault(size_t at)
{
    return events[at]->event == TRACE_fault_end || events[at]->event == TRACE_fault_run;
}

struct touches {
    uint8_t kind;
    uint32_t error, tables;
    uint64_t va, ip, pfn, pages;
    uint64_t read; /* pages that came back from the disk for them, with their neighbours */
};

static void touches_tell(const struct touches *t, int depth)
{
    static const char *const outcomes[] = {
        [TRACE_fault_kind_zero] = "a zeroed frame",
        [TRACE_fault_kind_zero_page] = "the shared page of zeros, nothing resident",
        [TRACE_fault_kind_file] = "the file's frame",
        [TRACE_fault_kind_cow] = "a copy",
        [TRACE_fault_kind_reuse] = "writable",
        [TRACE_fault_kind_swapin] = "read back from the swap disk",
        [TRACE_fault_kind_spurious] = "nothing to do",
        [TRACE_fault_kind_oom] = "no memory",
        [TRACE_fault_kind_bus] = "beyond the file's end",
        [TRACE_fault_kind_vdso] = "the kernel's own page",
    };
    bool adds = t->kind == TRACE_fault_kind_zero || t->kind == TRACE_fault_kind_file ||
                (t->kind == TRACE_fault_kind_cow && !(t->error & 1));
    char more[32] = "", made[32] = "", with[48] = "";
    long pages = t->kind == TRACE_fault_kind_swapin ? (long)t->read : adds ? (long)t->pages : 0;
    const char *outcome = t->kind < sizeof(outcomes) / sizeof(outcomes[0]) ? outcomes[t->kind] : NULL;

    if (t->pages > 1)
        snprintf(more, sizeof(more), " and %lu more", (unsigned long)t->pages - 1);
    if (t->tables)
        snprintf(made, sizeof(made), "; tables +%u", t->tables);
    if (t->read > t->pages)
        snprintf(with, sizeof(with), ", and %lu more with it", (unsigned long)(t->read - t->pages));
    SAY(depth, change(0, pages * 4, place(t->ip)), "#PF %s 0x%lx%s -> %s, #%lu%s%s",
        t->error & 16  ? "execute"
        : t->error & 2 ? "write"
                       : "read",
        (unsigned long)t->va, more, outcome ? outcome : "?", (unsigned long)t->pfn, with, made);
}

/* The faults among [from, end) that `mine` picks; alike ones, one after the other, are one line. */
static void faults_tell(size_t from, size_t end, int depth, bool (*mine)(size_t at, uint32_t cause),
                        uint32_t cause)
{
    struct touches now = {.pages = 0};
    uint64_t ip = 0, va = 0, read = 0;
    uint32_t error = 0;

    for (size_t at = from; at < end; at++) {
        read += events[at]->event == TRACE_swap_in;
        if (events[at]->event == TRACE_fault_begin) {
            read = 0;
            ip = PAYLOAD(at, fault_begin)->ip;
            error = PAYLOAD(at, fault_begin)->error;
            va = PAYLOAD(at, fault_begin)->va;
        }
        if (!is_fault(at) || !mine(at, cause))
            continue;

        const struct trace_fault_end *one = PAYLOAD(at, fault_end);
        const struct trace_fault_run *run = PAYLOAD(at, fault_run);
        bool single = events[at]->event == TRACE_fault_end;
        uint8_t kind = single ? one->kind : run->kind;

        if (now.pages && (kind != now.kind || ip != now.ip)) {
            touches_tell(&now, depth);
            now.pages = 0;
        }
        if (!now.pages)
            now = (struct touches){
                .kind = kind, .error = error, .ip = ip, .va = va, .pfn = single ? one->pfn : run->pfn};
        now.pages += single ? 1 : run->n;
        now.tables += single ? one->tables : 0;
        now.read += kind == TRACE_fault_kind_swapin ? read : 0;
    }
    if (now.pages)
        touches_tell(&now, depth);
}

static bool any(size_t at, uint32_t cause)
{
    (void)at, (void)cause;
    return true;
}

/* inside[at]: the event lies within a call or an operation, and is told there. */
static bool *inside;

static bool later_of(size_t at, uint32_t cause)
{
    return !inside[at] && events[at]->cause == cause;
}

static void later_tell(size_t from, uint32_t cause, int depth)
{
    size_t at = from;

    while (at < count && !(is_fault(at) && later_of(at, cause)))
        at++;
    if (at == count)
        return;

    unsigned long pause = (unsigned long)(events[at]->time - events[from]->time);

    if (pause >= LATER_NS)
        SAY(depth, "", "... %lu.%lu ms later", pause / 1000000, pause / 100000 % 10);
    faults_tell(from, count, depth + (pause >= LATER_NS), later_of, cause);
}

/* ---- Regions, calls, operations ---- */

static void region_tell(size_t at, int depth)
{
    const struct trace_vma_add *add = PAYLOAD(at, vma_add);
    const struct trace_vma_size *size = PAYLOAD(at, vma_size);
    long kib = (long)(add->end - add->start) / 1024;
    bool retold = (events[at]->event == TRACE_vma_add && add->why == TRACE_vma_why_found) ||
                  (events[at]->event == TRACE_vma_del && PAYLOAD(at, vma_del)->why == TRACE_vma_why_found);
    const char *name = events[at]->event != TRACE_vma_add ? ""
                       : add->flags & 2                   ? "[heap]"
                       : add->flags & 4                   ? "[stack]"
                                                          : "";

    if (retold)
        return; /* others have changed it: what the stream says of all of it is no news */
    switch (events[at]->event) {
    case TRACE_vma_add:
        if (add->file_id && at > 0 && events[at - 1]->event == TRACE_file) /* its name goes before it */
            name = (const char *)events[at - 1]->payload + sizeof(struct trace_file);
        SAY(depth, change(kib, 0, ""), "promised: [%lx, %lx) %c%c%c %s", (unsigned long)add->start,
            (unsigned long)add->end, add->prot & 1 ? 'r' : '-', add->prot & 2 ? 'w' : '-',
            add->prot & 4 ? 'x' : '-', name);
        break;
    case TRACE_vma_del:
        SAY(depth, change(-kib, 0, ""), "taken back: [%lx, %lx)", (unsigned long)add->start,
            (unsigned long)add->end);
        break;
    case TRACE_vma_size:
        SAY(depth, change((long)(size->new_end - size->new_start) / 1024 - kib, 0, ""), "promised: up to %lx",
            (unsigned long)size->new_end);
        break;
    case TRACE_vma_prot:
        SAY(depth, "", "[%lx, %lx) gets other permissions", (unsigned long)add->start,
            (unsigned long)add->end);
        break;
    case TRACE_zap:
        SAY(depth, change(0, -4 * (long)PAYLOAD(at, zap)->pages, ""), "its frames go, the promise stays");
        break;
    default:
        break;
    }
}

/* => the event that ends what began at `from`: the one of this kind (and op, if not 0); count if there is none */
static size_t end_of(size_t from, uint32_t op)
{
    for (size_t at = from + 1; at < count; at++) {
        unsigned event = events[at]->event;

        if (op == 0 && event == TRACE_sys_exit)
            return at;
        if (op != 0 && (event == TRACE_malloc || event == TRACE_free || event == TRACE_realloc) &&
            PAYLOAD(at, malloc)->op == op)
            return at;
    }
    return count;
}

static bool tells_of_memory(size_t from, size_t end)
{
    for (size_t at = from; at < end; at++)
        if (is_fault(at) || (events[at]->event >= TRACE_vma_add && events[at]->event <= TRACE_resident))
            return true;
    return false;
}

static void call_tell(size_t from, size_t end, int depth)
{
    SAY(depth, depth ? "" : place(PAYLOAD(from, sys_enter)->ip), "%s", call_text(from, end));
    for (size_t at = from; at < end; at++)
        region_tell(at, depth + 1);
    faults_tell(from, end, depth + 1, any, 0);
}

/* Faults of the operation itself, outside of its calls. */
static bool outside_calls(size_t at, uint32_t cause)
{
    (void)cause;
    for (size_t back = at; back-- > 0;) {
        if (events[back]->event == TRACE_sys_exit || events[back]->event == TRACE_begin)
            return true;
        if (events[back]->event == TRACE_sys_enter)
            return false;
    }
    return true;
}

static void operation_tell(size_t from, size_t end)
{
    const struct trace_begin *begin = PAYLOAD(from, begin);

    if (end == count) {
        SAY(0, place(begin->pc - 1), "op#%u of malloc, which did not end", begin->op);
    } else if (events[end]->event == TRACE_malloc) {
        const struct trace_malloc *malloc = PAYLOAD(end, malloc);
        SAY(0, place(malloc->pc - 1), "op#%u malloc(%lu) = 0x%lx", malloc->op, (unsigned long)malloc->size,
            (unsigned long)malloc->ptr);
        SAY(1, "", "path: %s; chunk of %lu bytes at 0x%lx", malloc_path_labels[malloc->path],
            (unsigned long)malloc->chunk_size, (unsigned long)malloc->chunk);
    } else if (events[end]->event == TRACE_free) {
        const struct trace_free *free = PAYLOAD(end, free);
        SAY(0, place(free->pc - 1), "op#%u free(0x%lx)", free->op, (unsigned long)free->ptr);
        SAY(1, "", "%s; chunk of %lu bytes", free_act_labels[free->act], (unsigned long)free->chunk_size);
    } else {
        const struct trace_realloc *realloc = PAYLOAD(end, realloc);
        SAY(0, place(realloc->pc - 1), "op#%u realloc(0x%lx, %lu) = 0x%lx, %s", realloc->op,
            (unsigned long)realloc->old_ptr, (unsigned long)realloc->size, (unsigned long)realloc->ptr,
            realloc_act_labels[realloc->act]);
    }
    for (size_t at = from; at < end; at++)
        if (events[at]->event == TRACE_sys_enter)
            call_tell(at, end_of(at, 0), 1);
    faults_tell(from, end, 1, outside_calls, 0);
    later_tell(end, begin->op, 1);
}

/* Pages that left for the swap disk in [from, end]; they have no line of their own, but one together. */
static unsigned long leaving(size_t from, size_t end)
{
    unsigned long pages = 0;

    for (size_t at = from; at <= end && at < count; at++)
        pages += events[at]->event == TRACE_swap_out;
    return pages;
}

static void leaving_tell(unsigned long *pages)
{
    if (*pages)
        SAY(0, change(0, -4 * (long)*pages, ""), "%lu pages leave for the swap disk", *pages);
    *pages = 0;
}

static void quiet_tell(unsigned *quiet)
{
    if (*quiet)
        SAY(0, "", "(%u calls that have nothing to do with memory)", *quiet);
    *quiet = 0;
}

static void one_tell(size_t at)
{
    const struct trace_segv *segv = PAYLOAD(at, segv);
    long status = (long)PAYLOAD(at, proc_exit)->status;

    switch (events[at]->event) {
    case TRACE_exec:
        SAY(0, "", "execve: %s", (const char *)events[at]->payload + sizeof(struct trace_exec));
        for (size_t next = at + 1; next < count && events[next]->event != TRACE_rss; next++)
            region_tell(next, 1);
        later_tell(at, 0, 1);
        break;
    case TRACE_mark:
        SAY(0, "", "mark#%u \"%s\" (%s:%u)", PAYLOAD(at, mark)->op,
            (const char *)events[at]->payload + sizeof(struct trace_mark), PAYLOAD(at, mark)->file,
            PAYLOAD(at, mark)->line);
        later_tell(at, PAYLOAD(at, mark)->op, 1);
        break;
    case TRACE_segv:
        SAY(0, place(segv->ip), "#PF 0x%lx -> refused: %s", (unsigned long)segv->va,
            segv_reason_labels[segv->reason]);
        break;
    case TRACE_proc_new:
        SAY(0, "", "process %u begins as a copy", PAYLOAD(at, proc_new)->child);
        break;
    case TRACE_proc_exit:
        SAY(0, "", status & 127 ? "the end, by signal %ld" : "the end, status %ld",
            status & 127 ? status & 127 : status >> 8);
        break;
    default:
        break;
    }
}

/* Marks what is told inside of something else. => the event that this one ends at */
static size_t extent(size_t at)
{
    if (events[at]->event == TRACE_begin)
        return end_of(at, PAYLOAD(at, begin)->op);
    if (events[at]->event != TRACE_sys_enter || PAYLOAD(at, sys_enter)->nr == __NR_exit_group)
        return at;
    return end_of(at, 0);
}

/* What it did before it executed the program is another one's story. */
static size_t beginning(void)
{
    size_t start = 0;

    for (size_t at = 0; at < count; at++)
        if (events[at]->event == TRACE_exec)
            start = at;
    return start;
}

static void tell_all(void)
{
    unsigned quiet = 0;
    unsigned long left = 0;

    inside = calloc(count + 1, sizeof(*inside));
    if (!inside)
        fail("events");
    for (size_t at = 0; at < count; at++)
        for (size_t end = extent(at); at < end && at < count; at++)
            inside[at] = true;
    for (size_t at = beginning(), end; at < count; at = end + 1) {
        end = extent(at);
        unsigned event = events[at]->event;

        if (event == TRACE_sys_enter && end > at && !tells_of_memory(at, end)) {
            quiet++;
            continue;
        }
        if (event == TRACE_begin || event == TRACE_sys_enter || event == TRACE_mark ||
            event == TRACE_proc_exit) {
            leaving_tell(&left);
            quiet_tell(&quiet);
        }
        left += leaving(at, end);
        if (event == TRACE_begin)
            operation_tell(at, end);
        else if (event == TRACE_sys_enter)
            call_tell(at, end, 0);
        else
            one_tell(at);
    }
}

/* The names of the program that was executed last. */
static void symbols_load(void)
{
    char path[512] = "";
    struct stat info;

    for (size_t at = 0; at < count; at++)
        if (events[at]->event == TRACE_exec)
            snprintf(path, sizeof(path), "/lib/debug%s.sym",
                     (const char *)events[at]->payload + sizeof(struct trace_exec));
    if (!*path || stat(path, &info) != 0)
        return;

    char *blob = malloc((size_t)info.st_size);

    if (!blob || !symtab_open(&symbols, blob, file_read(path, blob, (size_t)info.st_size)))
        symbols.size = 0;
}

/* ---- Running ---- */

static pid_t run(char **argv)
{
    int start[2], status;
    char level[8] = "";

    file_read(LEVEL_FILE, level, sizeof(level) - 1);
    if (pipe(start) < 0)
        fail("pipe");

    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child == 0) { /* waits until it is watched */
        close(start[1]);
        (void)!read(start[0], level, 1);
        close(start[0]);
        execvp(argv[0], argv);
        fprintf(stderr, "story: %s: %s\n", argv[0], strerror(errno));
        _exit(NOT_FOUND);
    }
    number_write(PID_FILE, (unsigned long)child);
    number_write(LEVEL_FILE, 2);
    close(start[0]);
    close(start[1]);
    waitpid(child, &status, 0);
    number_write(LEVEL_FILE, strtoul(level, NULL, 10));
    number_write(PID_FILE, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        exit(NOT_FOUND); /* it has said so */
    return child;
}

int main(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "+p:")) != -1) {
        if (option != 'p') {
            fprintf(stderr, "usage: story [-p PID] [PROGRAM [ARG...]]\n");
            return 2;
        }
        wanted = (uint32_t)strtoul(optarg, NULL, 10);
    }
    if (optind < argc)
        wanted = (uint32_t)run(argv + optind);
    ring = malloc(RING_MAX);
    if (!ring)
        fail("ring");

    size_t bytes = file_read("/proc/trace", ring, RING_MAX);

    each_record(bytes, note_last);
    if (!wanted)
        wanted = last_begun;
    each_record(bytes, note_mine);
    if (count == 0) {
        fprintf(stderr, "story: the kernel's ring holds no events%s: type story PROGRAM\n",
                wanted ? " of that process" : "");
        return 1;
    }
    symbols_load();
    if (events[0]->event != TRACE_file && events[0]->event != TRACE_vma_add &&
        events[0]->event != TRACE_vma_del)
        printf("(the ring no longer holds the beginning; scripts/story on the host loses nothing)\n");
    tell_all();
    return 0;
}
