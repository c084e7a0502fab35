/* SPDX-License-Identifier: MIT */
/* operand.c - see operand.h. A #GP tells no address: the instruction has to be read (SDM vol. 2, chapter 2).
 *
 *     prefixes  REX  opcode  ModRM  SIB  displacement           address = base + index * scale + displacement
 *
 * Only what says where memory is: the length of an instruction, its operands in registers and its immediate values are
 * of no use here. Left out: addresses relative to rip (they are near the code, and canonical), a segment's base (fs for
 * thread-local memory), VEX and EVEX (this kernel leaves AVX off). */
#include <proc/operand.h>

#include <types.h>
#include <x86/trapframe.h>

struct reader {
    const uint8_t *bytes;
    size_t count, at;
};

static uint8_t next(struct reader *reader)
{
    return reader->at < reader->count ? reader->bytes[reader->at++] : 0;
}

static int64_t displacement(struct reader *reader, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)next(reader) << 8 * i;
    return size == 1 ? (int8_t)value : (int32_t)value;
}

/* By its number in ModRM, SIB and REX. */
static struct operand register_of(const struct trapframe *frame, unsigned number)
{
    const struct operand registers[] = {
        {"rax", frame->rax}, {"rcx", frame->rcx}, {"rdx", frame->rdx}, {"rbx", frame->rbx},
        {"rsp", frame->rsp}, {"rbp", frame->rbp}, {"rsi", frame->rsi}, {"rdi", frame->rdi},
        {"r8", frame->r8},   {"r9", frame->r9},   {"r10", frame->r10}, {"r11", frame->r11},
        {"r12", frame->r12}, {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15}};

    return registers[number & 15];
}

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static bool is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
           (byte & 0xe7) == 0x26 || byte == 0x64 || byte == 0x65;
}

/* SDM vol. 2, tables. */
static bool has_modrm(uint8_t opcode)
{
    return (opcode < 0x40 && (opcode & 7) < 4) || opcode == 0x63 || opcode == 0x69 || opcode == 0x6b ||
           (opcode >= 0x80 && opcode < 0x90) || (opcode & 0xfe) == 0xc0 || (opcode & 0xfe) == 0xc6 ||
           (opcode & 0xfc) == 0xd0 || (opcode & 0xf8) == 0xd8 || (opcode & 0xf6) == 0xf6;
}

static bool has_modrm_0f(uint8_t opcode)
{
    return !((opcode >= 0x05 && opcode <= 0x0b) || (opcode & 0xf8) == 0x30 || opcode == 0x77 ||
             (opcode & 0xf0) == 0x80 || (opcode & 0xf7) == 0xa0 || (opcode & 0xf7) == 0xa1 ||
             (opcode & 0xf7) == 0xa2 || (opcode & 0xf8) == 0xc8);
}

/* Opcodes that use memory without naming it: the stack's, and the string instructions. */
static unsigned implied(uint8_t opcode, const struct trapframe *frame, struct operand operands[])
{
    if ((opcode & 0xf0) == 0x50 || opcode == 0xc2 || opcode == 0xc3 || opcode == 0xe8 || opcode == 0x68 ||
        opcode == 0x6a) {
        operands[0] = register_of(frame, RSP);
        return 1;
    }
    if (opcode == 0xc9) {
        operands[0] = register_of(frame, RBP);
        return 1;
    }
    if (opcode >= 0xa4 && opcode <= 0xaf && (opcode & 0xfe) != 0xa8) {
        operands[0] = register_of(frame, RSI);
        operands[1] = register_of(frame, RDI);
        return 2;
    }
    return 0;
}

static unsigned from_modrm(struct reader *reader, uint8_t rex, const struct trapframe *frame,
                           struct operand operands[])
{
    uint8_t modrm = next(reader), mod = modrm >> 6, base = modrm & 7;
    unsigned size = mod == 1 ? 1 : mod == 2 ? 4 : 0, count = 1;
    struct operand sum = {0};

    if (mod == 0 && base == 5) /* relative to rip */
        return 0;
    if (mod != 3 && base == 4) {
        uint8_t sib = next(reader), index = (sib >> 3 & 7) | (rex & 2) << 2;
        if (index != 4) {
            operands[count++] = register_of(frame, index);
            sum.value = operands[1].value << (sib >> 6);
        }
        base = sib & 7;
    }
    operands[0] = (struct operand){0};
    if (mod == 0 && base == 5)
        size = 4; /* no base but a number */
    else
        operands[0] = register_of(frame, base | (rex & 1) << 3);
    sum.value += operands[0].value + (uint64_t)displacement(reader, size);
    if (mod != 3)
        operands[count++] = sum;
    return count;
}

unsigned operand_decode(const uint8_t *bytes, size_t count, const struct trapframe *frame,
                        struct operand operands[OPERANDS_MAX])
{
    struct reader reader = {bytes, count, 0};
    uint8_t opcode = next(&reader), rex = 0;

    while (is_prefix(opcode))
        opcode = next(&reader);
    if ((opcode & 0xf0) == 0x40) {
        rex = opcode;
        opcode = next(&reader);
    }
    bool modrm = has_modrm(opcode);
    if (opcode == 0x0f) {
        opcode = next(&reader);
        modrm = has_modrm_0f(opcode);
        if (opcode == 0x38 || opcode == 0x3a)
            next(&reader);
    } else if (!modrm) {
        return implied(opcode, frame, operands);
    }
    return modrm && reader.at < count ? from_modrm(&reader, rex, frame, operands) : 0;
}

bool operand_is_return(const uint8_t *bytes, size_t count)
{
    size_t at = count != 0 && (bytes[0] & 0xfe) == 0xf2; /* rep ret, bnd ret */

    return at < count && (bytes[at] & 0xfe) == 0xc2;
}
