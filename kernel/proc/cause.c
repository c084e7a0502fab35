/* SPDX-License-Identifier: MIT */
/* cause.c - from facts to a guess: a table of tests, the first that matches wins. What each says stands in lib/words.def.
 *
 * The order matters: a NULL pointer is a NULL pointer even if page 0 was mapped once; memory that was unmapped lately
 * explains an address better than how far it is from the heap. */
#include <proc/cause.h>

#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <lib/words.h>
#include <proc/operand.h>
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

static void because(struct cause *cause, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void because(struct cause *cause, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_vtext(cause->reason, sizeof(cause->reason), format, arguments);
    va_end(arguments);
}

static bool answer(struct cause *cause, const char *what, const char *confidence, const char *advice)
{
    cause->what = what;
    cause->confidence = confidence;
    cause->advice = advice;
    return true;
}

/* The rows of words.def in the reader's language. `facts` and `cause` are every test's arguments. */
#define BECAUSE(name, ...) because(cause, TEXT(facts->chinese, name), ##__VA_ARGS__)
#define ANSWER(name, confidence)                                                                             \
    answer(cause, TEXT(facts->chinese, cause_##name), TEXT(facts->chinese, confidence),                      \
           TEXT(facts->chinese, try_##name))

/* ---- Page faults --------------------------------------------------------------------------------------------------- */

static bool beyond_file(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->info->number != SIGBUS)
        return false;
    BECAUSE(as_beyond_file, facts->here.name);
    return ANSWER(beyond_file, high);
}

static bool null_pointer(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address;

    if (!facts->page_fault || address >= NULL_ZONE)
        return false;
    if (is_fetch(facts)) {
        BECAUSE(as_null_call, address);
        return ANSWER(null_call, high);
    }
    if (address == 0)
        BECAUSE(as_null);
    else
        BECAUSE(as_null_offset, address, address);
    return ANSWER(null_pointer, high);
}

static bool kernel_half(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->info->address < USER_END)
        return false;
    BECAUSE(as_kernel_address);
    return ANSWER(kernel_address, high);
}

static bool use_after_unmap(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || !facts->known || facts->here.end != 0)
        return false;
    BECAUSE(as_after_unmap);
    return ANSWER(after_unmap, high);
}

static bool stack_overflow(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address, rsp = facts->frame->rsp, low = facts->stack.start;
    bool just_below = address < low && low - address <= NEAR;
    bool rsp_is_out = rsp < low && low - rsp <= MAX(facts->stack_limit, NEAR) && address >= rsp - NEAR &&
                      address < low;

    if (!facts->page_fault || facts->stack.end == 0 || facts->here.end != 0 || !(just_below || rsp_is_out))
        return false;
    BECAUSE(as_stack_overflow, (facts->stack.end - low) / KIB, facts->stack_limit / KIB);
    return rsp_is_out ? ANSWER(stack_overflow, high) : ANSWER(stack_overflow, medium);
}

static bool past_heap(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t top = page_ceil(facts->heap_end), address = facts->info->address;

    if (!facts->page_fault || facts->heap_end == facts->heap_start || facts->here.end != 0)
        return false;
    if (address < top || address - top >= NEAR)
        return false;
    BECAUSE(as_heap_overrun, address - facts->heap_end);
    return ANSWER(heap_overrun, medium);
}

static bool no_access(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || facts->here.end == 0 || (facts->here.flags & VMA_PROT) != 0)
        return false;
    BECAUSE(as_guard_region, facts->here.name);
    return ANSWER(guard_region, high);
}

static bool executed_data(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault || !is_fetch(facts) || facts->here.end == 0)
        return false;
    BECAUSE(as_executed_data, facts->here.name);
    return ANSWER(executed_data, high);
}

static bool write_to_readonly(const struct fault_facts *facts, struct cause *cause)
{
    const struct region *here = &facts->here;

    if (!facts->page_fault || here->end == 0 || !is_write(facts) || (here->flags & VMA_WRITE))
        return false;
    if (here->flags & VMA_EXEC) {
        BECAUSE(as_write_code, here->name);
        return ANSWER(write_code, high);
    }
    if (here->file) {
        BECAUSE(as_write_constant, here->name);
        return ANSWER(write_constant, high);
    }
    BECAUSE(as_write_readonly);
    return ANSWER(write_readonly, high);
}

static bool wild_pointer(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->page_fault)
        return false;
    BECAUSE(as_wild);
    return is_fetch(facts) ? ANSWER(wild_jump, low) : ANSWER(wild_pointer, low);
}

/* ---- Other exceptions: the instruction's bytes and the registers are all there is -------------------------------- */

static bool bytes_are(const struct fault_facts *facts, uint8_t first, uint8_t second)
{
    return facts->bytes_known >= 2 && facts->bytes[0] == first && facts->bytes[1] == second;
}

/* SDM vol. 2: what ring 3 may not do, by the first two bytes of the instruction. */
#define INSTRUCTION(opcode, mask, name)                                                                      \
    {                                                                                                        \
        opcode, mask, name##_en, name##_zh                                                                   \
    }
static const struct {
    uint16_t opcode, mask;
    const char *english, *chinese;
} privileged_instructions[] = {
    INSTRUCTION(0xfa00, 0xff00, does_cli),     INSTRUCTION(0xfb00, 0xff00, does_sti),
    INSTRUCTION(0xf400, 0xff00, does_hlt),     INSTRUCTION(0xcd00, 0xff00, does_int),
    INSTRUCTION(0xe400, 0xf600, does_in),      INSTRUCTION(0xe600, 0xf600, does_out),
    INSTRUCTION(0x0f30, 0xffff, does_wrmsr),   INSTRUCTION(0x0f32, 0xffff, does_rdmsr),
    INSTRUCTION(0x0f20, 0xfffd, does_control), INSTRUCTION(0x0f06, 0xffff, does_cache),
    INSTRUCTION(0x0f08, 0xfffe, does_cache),   INSTRUCTION(0x0f00, 0xfffe, does_tables),
};

static bool privileged(const struct fault_facts *facts, struct cause *cause)
{
    uint16_t opcode = (uint16_t)(facts->bytes[0] << 8 | facts->bytes[1]);

    if (facts->info->trap != TRAP_PROTECTION || facts->bytes_known < 2)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(privileged_instructions); i++) {
        if ((opcode & privileged_instructions[i].mask) != privileged_instructions[i].opcode)
            continue;
        because(cause, "%s",
                facts->chinese ? privileged_instructions[i].chinese : privileged_instructions[i].english);
        return ANSWER(privileged, high);
    }
    return false;
}

static bool is_fill(uint64_t value, uint8_t byte)
{
    return value == byte * 0x0101010101010101UL;
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

static bool no_address(const struct fault_facts *facts, struct cause *cause, const char *name, uint64_t value)
{
    char text[9];

    if (address_is_canonical(value))
        return false;
    if (is_fill(value, FILL_FREED)) {
        BECAUSE(as_fill_freed, name, value);
        return ANSWER(freed_pointer, high);
    }
    if (is_fill(value, FILL_FRESH)) {
        BECAUSE(as_fill_fresh, name, value);
        return ANSWER(fresh_pointer, high);
    }
    if (as_text(value, text)) {
        BECAUSE(as_text_pointer, name, value, text);
        return ANSWER(text_pointer, high);
    }
    BECAUSE(as_garbage, name, value);
    return ANSWER(garbage_pointer, medium);
}

/* A #GP or #SS tells no address. One CPU refuses the jump, another the first instruction at its target. */
static bool garbage_pointer(const struct fault_facts *facts, struct cause *cause)
{
    struct operand operands[OPERANDS_MAX];

    if (facts->info->trap != TRAP_PROTECTION && facts->info->trap != TRAP_STACK_SEGMENT)
        return false;
    if (no_address(facts, cause, TEXT(facts->chinese, jump_target), facts->frame->rip))
        return true;
    unsigned count = operand_decode(facts->bytes, facts->bytes_known, facts->frame, operands);
    for (unsigned i = 0; i < count; i++) {
        const char *name = operands[i].name != NULL ? operands[i].name : TEXT(facts->chinese, operand);
        if (no_address(facts, cause, name, operands[i].value))
            return true;
    }
    return operand_is_return(facts->bytes, facts->bytes_known) &&
           no_address(facts, cause, TEXT(facts->chinese, return_address), facts->stack_top);
}

static bool stopped_itself(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_UNDEFINED)
        return false;
    if (bytes_are(facts, 0x0f, 0x0b)) {
        BECAUSE(as_stopped_itself);
        return ANSWER(stopped_itself, high);
    }
    BECAUSE(as_bad_instruction, facts->bytes[0], facts->bytes[1], facts->bytes[2]);
    return ANSWER(bad_instruction, medium);
}

static bool division(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->number != SIGFPE || facts->info->trap != TRAP_DIVIDE)
        return false;
    BECAUSE(as_division);
    return ANSWER(division, high);
}

static bool no_frame(const struct fault_facts *facts, struct cause *cause)
{
    if (!facts->no_frame)
        return false;
    BECAUSE(as_no_frame, facts->frame->rsp);
    return ANSWER(no_frame, high);
}

static bool breakpoint(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->number != SIGTRAP)
        return false;
    BECAUSE(as_breakpoint);
    return ANSWER(breakpoint, high);
}

static bool floating(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_FLOATING && facts->info->trap != TRAP_SIMD)
        return false;
    BECAUSE(as_floating);
    return ANSWER(floating, high);
}

static bool misaligned(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap != TRAP_PROTECTION || facts->bytes_known == 0)
        return false;
    BECAUSE(as_misaligned);
    return ANSWER(misaligned, low);
}

static bool unknown(const struct fault_facts *facts, struct cause *cause)
{
    BECAUSE(as_unknown, facts->info->trap);
    return ANSWER(unknown, low);
}

void cause_guess(const struct fault_facts *facts, struct cause *cause)
{
    static bool (*const tests[])(const struct fault_facts *, struct cause *) = {
        beyond_file,    null_pointer, kernel_half,     use_after_unmap,   stack_overflow,
        past_heap,      no_access,    executed_data,   write_to_readonly, wild_pointer,
        no_frame,       privileged,   garbage_pointer, breakpoint,        floating,
        stopped_itself, division,     misaligned,      unknown,
    };
    unsigned i = 0;

    while (!tests[i](facts, cause))
        i++;
}
