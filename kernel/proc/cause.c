/* SPDX-License-Identifier: MIT */
/* cause.c - from facts to a guess: a ladder of questions for page faults, another for the rest; the first that fits wins, and what it
 * says stands in lib/words.def.
 *
 * The order matters: a NULL pointer is a NULL pointer even if page 0 was mapped once; memory that was unmapped lately
 * explains an address better than how far it is from the heap. */
#include <proc/cause.h>

#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <lib/words.h>
#include <proc/operand.h>
#include <string.h>
#include <x86/pte.h>

#include <asm/signal.h>

#define NULL_ZONE 0x10000UL /* MMAP_MIN: nothing can be mapped below */
#define NEAR 0x10000UL      /* within 64 KiB counts as "just beside" */
#define FILL_FRESH 0xa5     /* libc/malloc/guard.h: what checking malloc fills with */
#define FILL_FREED 0x5a


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

/* The rows of words.def in the reader's language: the guess, how sure it is, and why. `facts` and `cause` are every test's
 * arguments. */
#define WORD(name) TEXT(facts->chinese, name)
#define ANSWER(name, confidence, reason, ...)                                                                \
    (because(cause, WORD(reason), ##__VA_ARGS__),                                                            \
     answer(cause, WORD(cause_##name), WORD(confidence), WORD(try_##name)))

/* ---- Page faults --------------------------------------------------------------------------------------------------- */

static bool null_pointer(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address;

    if (is_fetch(facts))
        return ANSWER(null_call, high, as_null_call, address);
    if (address == 0)
        return ANSWER(null_pointer, high, as_null);
    return ANSWER(null_pointer, high, as_null_offset, address, address);
}

static bool stack_overflow(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t address = facts->info->address, rsp = facts->frame->rsp, low = facts->stack.start;
    bool just_below = address < low && low - address <= NEAR;
    bool rsp_is_out = rsp < low && low - rsp <= MAX(facts->stack_limit, NEAR) && address >= rsp - NEAR &&
                      address < low;

    if (facts->stack.end == 0 || !(just_below || rsp_is_out))
        return false;
    uint64_t size = (facts->stack.end - low) / KIB, limit = facts->stack_limit / KIB;
    return rsp_is_out ? ANSWER(stack_overflow, high, as_stack_overflow, size, limit)
                      : ANSWER(stack_overflow, medium, as_stack_overflow, size, limit);
}

static bool past_heap(const struct fault_facts *facts, struct cause *cause)
{
    vaddr_t top = page_ceil(facts->heap_end), address = facts->info->address;

    if (facts->heap_end == facts->heap_start || address < top || address - top >= NEAR)
        return false;
    return ANSWER(heap_overrun, medium, as_heap_overrun, address - facts->heap_end);
}

static bool no_region(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->known)
        return ANSWER(after_unmap, high, as_after_unmap);
    return stack_overflow(facts, cause) || past_heap(facts, cause);
}

/* The region does not allow it. */
static bool forbidden(const struct fault_facts *facts, struct cause *cause)
{
    const struct region *here = &facts->here;

    if ((here->flags & VMA_PROT) == 0)
        return ANSWER(guard_region, high, as_guard_region, here->name);
    if (is_fetch(facts))
        return ANSWER(executed_data, high, as_executed_data, here->name);
    if (!(facts->info->error & FAULT_ERROR_WRITE) || (here->flags & VMA_WRITE))
        return false;
    if (here->flags & VMA_EXEC)
        return ANSWER(write_code, high, as_write_code, here->name);
    if (here->file)
        return ANSWER(write_constant, high, as_write_constant, here->name);
    return ANSWER(write_readonly, high, as_write_readonly);
}

static bool page_fault(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->disk_failed)
        return ANSWER(disk_failed, high, as_disk_failed);
    if (facts->info->number == SIGBUS)
        return ANSWER(beyond_file, high, as_beyond_file, facts->here.name);
    if (facts->info->address < NULL_ZONE)
        return null_pointer(facts, cause);
    if (facts->info->address >= USER_END)
        return ANSWER(kernel_address, high, as_kernel_address);
    if (facts->here.end != 0 ? forbidden(facts, cause) : no_region(facts, cause))
        return true;
    return is_fetch(facts) ? ANSWER(wild_jump, low, as_wild) : ANSWER(wild_pointer, low, as_wild);
}

/* ---- Other exceptions: the instruction's bytes and the registers are all there is -------------------------------- */

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

    if (facts->bytes_known < 2)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(privileged_instructions); i++) {
        if ((opcode & privileged_instructions[i].mask) != privileged_instructions[i].opcode)
            continue;
        because(cause, "%s",
                facts->chinese ? privileged_instructions[i].chinese : privileged_instructions[i].english);
        return answer(cause, WORD(cause_privileged), WORD(high), WORD(try_privileged));
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
    if (is_fill(value, FILL_FREED))
        return ANSWER(freed_pointer, high, as_fill_freed, name, value);
    if (is_fill(value, FILL_FRESH))
        return ANSWER(fresh_pointer, high, as_fill_fresh, name, value);
    if (as_text(value, text))
        return ANSWER(text_pointer, high, as_text_pointer, name, value, text);
    return ANSWER(garbage_pointer, medium, as_garbage, name, value);
}

/* A #GP or #SS tells no address. One CPU refuses the jump, another the first instruction at its target. */
static bool garbage_pointer(const struct fault_facts *facts, struct cause *cause)
{
    struct operand operands[OPERANDS_MAX];

    if (no_address(facts, cause, WORD(jump_target), facts->frame->rip))
        return true;
    unsigned count = operand_decode(facts->bytes, facts->bytes_known, facts->frame, operands);
    for (unsigned i = 0; i < count; i++) {
        const char *name = operands[i].name != NULL ? operands[i].name : WORD(operand);
        if (no_address(facts, cause, name, operands[i].value))
            return true;
    }
    return operand_is_return(facts->bytes, facts->bytes_known) &&
           no_address(facts, cause, WORD(return_address), facts->stack_top);
}

static bool protection(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->info->trap == TRAP_PROTECTION && privileged(facts, cause))
        return true;
    if (garbage_pointer(facts, cause))
        return true;
    return facts->info->trap == TRAP_PROTECTION && facts->bytes_known != 0 &&
           ANSWER(misaligned, low, as_misaligned);
}

static bool invalid_opcode(const struct fault_facts *facts, struct cause *cause)
{
    const uint8_t *bytes = facts->bytes;

    if (facts->bytes_known >= 2 && bytes[0] == 0x0f && bytes[1] == 0x0b)
        return ANSWER(stopped_itself, high, as_stopped_itself);
    return ANSWER(bad_instruction, medium, as_bad_instruction, bytes[0], bytes[1], bytes[2]);
}

static bool exception(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->no_frame)
        return ANSWER(no_frame, high, as_no_frame, facts->frame->rsp);
    if (facts->info->number == SIGTRAP)
        return ANSWER(breakpoint, high, as_breakpoint);
    switch (facts->info->trap) {
    case TRAP_PROTECTION:
    case TRAP_STACK_SEGMENT:
        return protection(facts, cause);
    case TRAP_UNDEFINED:
        return invalid_opcode(facts, cause);
    case TRAP_DIVIDE:
        return ANSWER(division, high, as_division);
    case TRAP_FLOATING:
    case TRAP_SIMD:
        return ANSWER(floating, high, as_floating);
    default:
        return false;
    }
}

void cause_guess(const struct fault_facts *facts, struct cause *cause)
{
    if (facts->page_fault ? !page_fault(facts, cause) : !exception(facts, cause))
        ANSWER(unknown, low, as_unknown, facts->info->trap);
}
