/* SPDX-License-Identifier: MIT */
/* cause.c - from facts to a guess: a table of tests, the first that matches wins.
 *
 * The order matters: a NULL pointer is a NULL pointer even if page 0 was mapped once; memory that was unmapped lately
 * explains an address better than how far it is from the heap. */
#include <proc/cause.h>

#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <string.h>

#include <asm/signal.h>

#define NULL_ZONE 0x10000UL /* MMAP_MIN: nothing can be mapped below */
#define NEAR 0x10000UL      /* within 64 KiB counts as "just beside" */
#define FILL_FRESH 0xa5     /* libc/malloc/guard.h: what checking malloc fills with */
#define FILL_FREED 0x5a

static bool is_write(const struct fault_facts *facts)
{
    return facts->info->error & FAULT_ERROR_WRITE;
}

static bool is_fetch(const struct fault_facts *facts)
{
    return facts->info->error & FAULT_ERROR_FETCH;
}

static bool answer(struct cause *cause, const char *what, const char *confidence, const char *advice)
{
    cause->what = what;
    cause->confidence = confidence;
    cause->advice = advice;
    return true;
}

#define REASON(cause, ...) format_text((cause)->reason, sizeof((cause)->reason), __VA_ARGS__)

/* ---- Page faults --------------------------------------------------------------------------------------------------- */

static bool beyond_file(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->info->number != SIGBUS)
        return false;
    REASON(cause, "inside the mapping of %s, but behind the end of the file", facts->here.name);
    return answer(cause, "BEYOND THE END OF A MAPPED FILE", "high",
                  "compare the file's size (fstat) with the length given to mmap");
}

static bool null_pointer(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address;

    if (!facts->page_fault || address >= NULL_ZONE)
        return false;
    if (is_fetch(facts)) {
        REASON(cause, "the program jumped to %#lx", address);
        return answer(cause, "CALL THROUGH A NULL FUNCTION POINTER", "high",
                      "was the function pointer ever set?");
    }
    if (address == 0)
        REASON(cause, "the address is 0");
    else
        REASON(cause, "NULL plus %lu (%#lx): a field of a struct, or an array index", address, address);
    return answer(cause, "NULL POINTER", "high",
                  "test what malloc, fopen and their like return before using it");
}

static bool kernel_half(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->info->address < USER_END)
        return false;
    REASON(cause, "the upper half of every address space is the kernel's; ring 3 may not touch it");
    return answer(cause, "KERNEL ADDRESS", "high",
                  "look where the pointer's value came from: was it overwritten?");
}

static bool use_after_unmap(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || !facts->known || facts->here.end != 0)
        return false;
    REASON(cause, "the address lies in memory that was given back to the kernel");
    return answer(cause, "USE AFTER FREE (or after munmap)", "high",
                  "set the pointer to NULL after free; look for copies of it");
}

static bool stack_overflow(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address, rsp = facts->frame->rsp, low = facts->stack.start;
    bool just_below = address < low && low - address <= NEAR;
    bool rsp_is_out = rsp < low && low - rsp <= MAX(facts->stack_limit, NEAR) && address >= rsp - NEAR &&
                      address < low;

    if (!facts->page_fault || facts->stack.end == 0 || facts->here.end != 0 || !(just_below || rsp_is_out))
        return false;
    REASON(cause, "just below the stack, which has %lu KiB of the %lu KiB it may have",
           (facts->stack.end - low) / KIB, facts->stack_limit / KIB);
    return answer(cause, "STACK OVERFLOW", rsp_is_out ? "high" : "medium",
                  "endless recursion? a huge local array? `ulimit -s` and setrlimit raise the limit");
}

static bool past_heap(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t top = page_ceil(facts->heap_end), address = facts->info->address;

    if (!facts->page_fault || facts->heap_end == facts->heap_start || facts->here.end != 0)
        return false;
    if (address < top || address - top >= NEAR)
        return false;
    REASON(cause, "%lu bytes behind the end of [heap]", address - facts->heap_end);
    return answer(cause, "OVERRUN OF THE HEAP'S TOP", "medium",
                  "compare the size that was asked of malloc with what is written");
}

static bool executed_data(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || !is_fetch(facts) || facts->here.end == 0)
        return false;
    REASON(cause, "%s is data: its pages may not be executed (NX)", facts->here.name);
    return answer(cause, "EXECUTED DATA", "high",
                  "a bad function pointer, or a return address that was overwritten on the stack");
}

static bool no_access(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->here.end == 0 || (facts->here.flags & VMA_PROT) != 0)
        return false;
    REASON(cause, "%s allows no access at all (PROT_NONE): a guard page, or mprotect", facts->here.name);
    return answer(cause, "TOUCHED A GUARD REGION", "high",
                  "what lies just before or behind it ran over its end");
}

static bool write_to_readonly(const struct fault_facts *facts, struct cause *cause)
{
    const struct region *here = &facts->here;

    if (!facts->page_fault || here->end == 0 || !is_write(facts) || (here->flags & VMA_WRITE))
        return false;
    if (here->flags & VMA_EXEC) {
        REASON(cause, "%s here is code: readable and executable, never writable", here->name);
        return answer(cause, "WRITE TO THE PROGRAM'S CODE", "high",
                      "a wild pointer, or one computed from a function's address");
    }
    if (here->file) {
        REASON(cause, "%s here is constant data (.rodata), or was mapped read-only", here->name);
        return answer(cause, "WRITE TO A CONSTANT", "high",
                      "char *s = \"text\" points to a constant: use char s[] = \"text\"");
    }
    REASON(cause, "mmap or mprotect made this region read-only");
    return answer(cause, "WRITE TO READ-ONLY MEMORY", "high",
                  "mprotect(..., PROT_READ | PROT_WRITE) before writing");
}

static bool wild_pointer(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault)
        return false;
    REASON(cause, "no region there, and none was there lately");
    return answer(cause, is_fetch(facts) ? "JUMP TO NOWHERE" : "WILD POINTER", "low",
                  "was the pointer ever set? compare its value with the regions above");
}

/* ---- Other exceptions: the instruction's bytes and the registers are all there is -------------------------------- */

static bool bytes_are(const struct fault_facts *facts, uint8_t first, uint8_t second)
{
    return facts->bytes_known >= 2 && facts->bytes[0] == first && facts->bytes[1] == second;
}

/* SDM vol. 2: what ring 3 may not do. NULL: none of them. */
static const char *privileged_instruction(const struct fault_facts *facts)
{
    if (facts->bytes_known == 0)
        return NULL;
    switch (facts->bytes[0]) {
    case 0xfa:
        return "cli (switch interrupts off)";
    case 0xfb:
        return "sti (switch interrupts on)";
    case 0xf4:
        return "hlt (stop the CPU)";
    case 0xcd:
        return "int (a software interrupt that the kernel does not offer)";
    case 0xe4:
    case 0xe5:
    case 0xec:
    case 0xed:
        return "in (read an I/O port)";
    case 0xe6:
    case 0xe7:
    case 0xee:
    case 0xef:
        return "out (write an I/O port)";
    default:
        break;
    }
    if (bytes_are(facts, 0x0f, 0x30))
        return "wrmsr (write a model-specific register)";
    if (bytes_are(facts, 0x0f, 0x32))
        return "rdmsr (read a model-specific register)";
    if (bytes_are(facts, 0x0f, 0x20) || bytes_are(facts, 0x0f, 0x22))
        return "mov to or from a control register";
    if (bytes_are(facts, 0x0f, 0x06) || bytes_are(facts, 0x0f, 0x08) || bytes_are(facts, 0x0f, 0x09))
        return "clts, invd or wbinvd";
    if (bytes_are(facts, 0x0f, 0x00) || bytes_are(facts, 0x0f, 0x01))
        return "an instruction on descriptor tables or the TLB";
    return NULL;
}

static bool privileged(const struct fault_facts *facts, struct cause *cause)
{
    const char *name = facts->info->trap == TRAP_PROTECTION ? privileged_instruction(facts) : NULL;

    if (name == NULL)
        return false;
    REASON(cause, "%s", name);
    return answer(cause, "PRIVILEGED INSTRUCTION", "high",
                  "only ring 0 may do that; a program asks the kernel by a system call");
}

static bool is_canonical(uint64_t value)
{
    int64_t top = (int64_t)value >> 47;

    return top == 0 || top == -1;
}

static bool is_fill(uint64_t value)
{
    return value == FILL_FRESH * 0x0101010101010101UL || value == FILL_FREED * 0x0101010101010101UL;
}

/* The value's bytes in memory order, if they are all printable. */
static bool as_text(uint64_t value, char text[9])
{
    memcpy(text, &value, 8);
    text[8] = '\0';
    for (unsigned i = 0; i < 8; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return true;
}

static bool garbage_pointer(const struct fault_facts *facts, struct cause *cause)
{
    const struct trapframe *frame = facts->frame;
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {{"rax", frame->rax}, {"rbx", frame->rbx}, {"rcx", frame->rcx}, {"rdx", frame->rdx},
                     {"rsi", frame->rsi}, {"rdi", frame->rdi}, {"rbp", frame->rbp}, {"r8", frame->r8},
                     {"r9", frame->r9},   {"r10", frame->r10}, {"r11", frame->r11}, {"r12", frame->r12},
                     {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15}, {"rsp", frame->rsp},
                     {"rip", frame->rip}};
    char text[9];

    if (facts->info->trap != TRAP_PROTECTION && facts->info->trap != TRAP_STACK_SEGMENT)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
        uint64_t value = registers[i].value;
        if (is_canonical(value))
            continue;
        if (is_fill(value)) {
            REASON(cause, "%s = %#lx is what malloc's checking mode fills %s memory with", registers[i].name,
                   value, (uint8_t)value == FILL_FREED ? "freed" : "fresh");
            return answer(cause,
                          (uint8_t)value == FILL_FREED ? "FREED MEMORY USED AS A POINTER"
                                                       : "UNINITIALISED POINTER",
                          "high", "look where the pointer was stored: it was never set, or freed before");
        }
        if (as_text(value, text)) {
            REASON(cause, "%s = %#lx is no address; as text it reads \"%s\"", registers[i].name, value, text);
            return answer(cause, "POINTER OVERWRITTEN BY TEXT", "high",
                          "a string ran over its buffer onto a pointer");
        }
        REASON(cause, "%s = %#lx is no address (bits 48-63 must repeat bit 47)", registers[i].name, value);
        return answer(cause, "GARBAGE POINTER", "medium", "was the pointer ever set, or was it overwritten?");
    }
    return false;
}

static bool stopped_itself(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_UNDEFINED)
        return false;
    if (bytes_are(facts, 0x0f, 0x0b)) {
        REASON(cause, "the instruction is ud2, which compilers put where no way leads");
        return answer(cause, "THE PROGRAM STOPPED ITSELF", "high",
                      "__builtin_trap, or undefined behaviour that was optimised away");
    }
    REASON(cause, "the bytes %02x %02x %02x are no instruction of this CPU", facts->bytes[0], facts->bytes[1],
           facts->bytes[2]);
    return answer(cause, "INVALID INSTRUCTION", "medium",
                  "a jump into data, or a program made for a newer CPU");
}

static bool division(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_DIVIDE)
        return false;
    REASON(cause, "the divisor is 0, or the quotient does not fit (INT_MIN / -1)");
    return answer(cause, "DIVISION BY ZERO", "high", "test the divisor first");
}

static bool misaligned(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_PROTECTION || facts->bytes_known == 0)
        return false;
    REASON(cause, "no register holds a bad address; SSE instructions on misaligned memory end like this");
    return answer(cause, "MISALIGNED SSE ACCESS", "low", "is rsp a multiple of 16 before every call?");
}

void cause_guess(const struct fault_facts *facts, struct cause *cause)
{
    static bool (*const tests[])(const struct fault_facts *, struct cause *) = {
        beyond_file, null_pointer,    kernel_half,    use_after_unmap,   stack_overflow,
        past_heap,   no_access,       executed_data,  write_to_readonly, wild_pointer,
        privileged,  garbage_pointer, stopped_itself, division,          misaligned,
    };

    *cause = (struct cause){0};
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        if (tests[i](facts, cause))
            return;
    }
    REASON(cause, "exception %lu", facts->info->trap);
    answer(cause, "UNKNOWN", "low", "see the registers");
}
