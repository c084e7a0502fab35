/* SPDX-License-Identifier: MIT */
/* exec_damaged.c - ELF files that are no good: which are refused with an error that execve's caller sees, and which end it, because
 * the old program has gone by the time that somebody notices.
 *
 * The good program is made here, byte by byte: code at 800, a byte of data (7), and a bss whose first part shares its page with bytes of the
 * file that must not be seen. It ends with the sum of the three. Each row breaks one thing of it. */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>

#include "check.h"

#define FILE_PATH "/tmp/damaged"
#define INTERPRETER "/tmp/damaged-interpreter"
#define TEXT 0x400000UL
#define DATA 0x402000UL
#define KERNEL 0xffffffff80100000UL
#define SEGMENTS 4

static struct file {
    Elf64_Ehdr header;
    Elf64_Phdr segment[SEGMENTS]; /* code, data, nothing, the stack */
    char interpreter[64];
    char room[0x800 - sizeof(Elf64_Ehdr) - SEGMENTS * sizeof(Elf64_Phdr) - 64];
    unsigned char code[0x800], data[0x800], behind[0x800];
} good, bad, interpreter;
static size_t size;
static struct rlimit limit;
static int limited;

static void make_good(void)
{
    static const unsigned char code[] = {
        0x0f, 0xb6, 0x3c, 0x25, 0x00, 0x20, 0x40, 0x00, /* movzbl 0x402000, %edi */
        0x0f, 0xb6, 0x04, 0x25, 0xff, 0x2f, 0x40, 0x00, /* movzbl 0x402fff, %eax */
        0x01, 0xc7,                                     /* add %eax, %edi */
        0x0f, 0xb6, 0x04, 0x25, 0x00, 0x40, 0x40, 0x00, /* movzbl 0x404000, %eax */
        0x01, 0xc7,                                     /* add %eax, %edi */
        0xb8, 0x3c, 0x00, 0x00, 0x00,                   /* mov $60, %eax: exit */
        0x0f, 0x05};                                    /* syscall */
    good.header = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                               .e_type = ET_EXEC,
                               .e_machine = EM_X86_64,
                               .e_version = EV_CURRENT,
                               .e_entry = TEXT + 0x800,
                               .e_phoff = sizeof(Elf64_Ehdr),
                               .e_ehsize = sizeof(Elf64_Ehdr),
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_phnum = SEGMENTS};
    good.segment[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_flags = PF_R | PF_X,
                                   .p_vaddr = TEXT,
                                   .p_filesz = PAGE,
                                   .p_memsz = PAGE,
                                   .p_align = PAGE};
    good.segment[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_flags = PF_R | PF_W,
                                   .p_offset = PAGE,
                                   .p_vaddr = DATA,
                                   .p_filesz = sizeof(good.data),
                                   .p_memsz = 3 * PAGE,
                                   .p_align = PAGE};
    good.segment[3] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    memcpy(good.code, code, sizeof(code));
    good.data[0] = 7;
    memset(good.behind, 0x55, sizeof(good.behind));
}

static void store(const char *path, const struct file *content, size_t length, mode_t mode)
{
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    if (file < 0 || write(file, content, length) != (ssize_t)length)
        _exit(96);
    close(file);
}

/* What became of it: "refused: E...", "signal N", "status N". */
static void try(const char *what, const char *wanted)
{
    char got[40];
    int tell[2], error = 0, status = -1;

    store(FILE_PATH, &bad, size, 0755);
    if (pipe2(tell, O_CLOEXEC) != 0)
        _exit(95);
    pid_t child = fork();
    if (child == 0) {
        if (limited)
            setrlimit(limited, &limit);
        execve(FILE_PATH, (char *[]){"damaged", NULL}, (char *[]){NULL});
        error = errno;
        _exit(write(tell[1], &error, sizeof(error)) != sizeof(error));
    }
    close(tell[1]);
    bool refused = read(tell[0], &error, sizeof(error)) == sizeof(error);
    close(tell[0]);
    waitpid(child, &status, 0);
    if (refused)
        snprintf(got, sizeof(got), "refused: %s", error == ELIBBAD ? "ELIBBAD" : error_name(error));
    else if (WIFSIGNALED(status))
        snprintf(got, sizeof(got), "signal %d", WTERMSIG(status));
    else
        snprintf(got, sizeof(got), "status %d", WEXITSTATUS(status));
    say("%s: %s", what, got);
    if (strcmp(got, wanted) != 0) {
        say("    expected %s", wanted);
        check_failures++;
    }
    bad = good;
    size = sizeof(good);
    limited = 0;
}

/* What follows is done to the good program, whose parts have short names in it. */
#define TRY(what, wanted, ...)                                                                               \
    do {                                                                                                     \
        Elf64_Ehdr *header = &bad.header;                                                                    \
        Elf64_Phdr *code = &bad.segment[0], *data = &bad.segment[1], *other = &bad.segment[2];               \
        (void)header, (void)code, (void)data, (void)other;                                                   \
        __VA_ARGS__;                                                                                         \
        try(what, wanted);                                                                                   \
    } while (0)
#define NO_PROGRAM "refused: ENOEXEC"
#define ENDED "signal 11"

static void headers(void)
{
    TRY("as it is", "status 7", );
    TRY("wrong magic", NO_PROGRAM, header->e_ident[0] = 0);
    TRY("32 bit by name only", "status 7", header->e_ident[EI_CLASS] = ELFCLASS32);
    TRY("big endian by name only", "status 7", header->e_ident[EI_DATA] = ELFDATA2MSB);
    TRY("another version", "status 7", header->e_version = 2);
    TRY("another machine", NO_PROGRAM, header->e_machine = EM_ARM);
    TRY("an object file", NO_PROGRAM, header->e_type = ET_REL);
    TRY("a core file", NO_PROGRAM, header->e_type = ET_CORE);
    TRY("no segments", NO_PROGRAM, header->e_phnum = 0);
    TRY("more headers than 64 KiB", NO_PROGRAM, header->e_phnum = 1171);
    TRY("headers of another size", NO_PROGRAM, header->e_phentsize = 32);
    TRY("headers behind the end of the file", NO_PROGRAM, header->e_phoff = sizeof(good));
    TRY("headers far away", NO_PROGRAM, header->e_phoff = 1UL << 62);
    TRY("headers at the end of all numbers", NO_PROGRAM, header->e_phoff = -32UL);
    TRY("one byte", NO_PROGRAM, size = 1);
    TRY("63 bytes", NO_PROGRAM, size = 63);
    TRY("no header of a segment", NO_PROGRAM, size = 64);
    TRY("half a header of a segment", NO_PROGRAM, size = 64 + 28);
}

static void places(void)
{
    TRY("entry 0", ENDED, header->e_entry = 0);
    TRY("entry where nothing is", ENDED, header->e_entry = 0x10000);
    TRY("entry in the data", ENDED, header->e_entry = DATA);
    TRY("entry in the kernel", ENDED, header->e_entry = KERNEL);
    TRY("entry that is no address", ENDED, header->e_entry = 1UL << 63);
    TRY("entry at the end of the user's half", ENDED, header->e_entry = 0x7ffffffff000);
    TRY("nothing to load", ENDED, code->p_type = data->p_type = PT_NULL);
    TRY("code with offset and address apart", ENDED, code->p_vaddr++);
    TRY("data with offset and address apart", ENDED, data->p_offset++);
    TRY("code in the kernel", ENDED, code->p_vaddr = KERNEL);
    TRY("data in the kernel", ENDED, data->p_vaddr = KERNEL);
    TRY("data at what is no address", ENDED, data->p_vaddr = 1UL << 63);
    TRY("data at the end of the user's half", ENDED, data->p_vaddr = 0x7ffffffff000);
    TRY("data that goes beyond it", ENDED, data->p_vaddr = 0x7fffffffe000);
    TRY("data below the lowest address", ENDED, data->p_vaddr = 0x1000);
    TRY("code where the stack is", ENDED, code->p_vaddr = 0x7fffffffe000);
    TRY("data over the code", ENDED, data->p_vaddr = TEXT);
    TRY("data before the code", ENDED, data->p_vaddr = TEXT - 4 * PAGE);
    TRY("a third segment before the code", "status 7", *other = *code, other->p_vaddr = TEXT - PAGE);
    TRY("the code once more", "status 7", *other = *code);
    TRY("the data once more", "status 7", *other = *data);
    TRY("the data once more, with other bytes", "status 85", *other = *data, other->p_filesz = PAGE,
        bad.behind[0x7ff] = 78);
    TRY("something over its bss", "status 7", *other = *code, other->p_vaddr = DATA + PAGE);
    TRY("something before its end", "status 134", *other = *code, other->p_vaddr = DATA + 2 * PAGE);
}

static void sizes(void)
{
    TRY("more file than memory", ENDED, data->p_filesz = data->p_memsz + 1);
    TRY("more of the file than there is data", "status 92", data->p_filesz = PAGE);
    TRY("no memory", ENDED, data->p_filesz = data->p_memsz = 0);
    TRY("memory without end", ENDED, data->p_memsz = ~0UL);
    TRY("file without end", ENDED, data->p_filesz = ~0UL);
    TRY("both without end", ENDED, data->p_filesz = data->p_memsz = ~0UL);
    TRY("as much as there are addresses", ENDED, data->p_memsz = 0x7ffffffff000);
    TRY("64 MiB more than there need be", "status 7", data->p_memsz = 1UL << 26);
    TRY("a file of 2 GiB", "signal 7", data->p_offset = 0, data->p_filesz = data->p_memsz = 1UL << 31,
        size = 0x2000);
    TRY("behind the end of the file", "signal 7", data->p_offset = 16 * PAGE, data->p_memsz = data->p_filesz);
    TRY("the file is cut short", "signal 7", size = PAGE, data->p_memsz = data->p_filesz);
    TRY("the code is cut off", ENDED, size = 0x800);
    TRY("alignment that is none", "status 7", data->p_align = 3);
    TRY("alignment of 1 TiB", "status 7", data->p_align = 1UL << 40);
    TRY("data that nobody may read", ENDED, data->p_flags = 0);
    TRY("data that nobody may write", "status 92", data->p_flags = PF_R);
    TRY("a stack of any size", "status 7", bad.segment[3].p_memsz = ~0UL);
}

static void position_independent(void)
{
    TRY("independent: at no place", ENDED, header->e_type = ET_DYN);
    TRY("independent: nothing to load", ENDED, header->e_type = ET_DYN,
        code->p_type = data->p_type = PT_NULL);
    TRY("independent: data in the kernel", ENDED, header->e_type = ET_DYN, data->p_vaddr = KERNEL);
    TRY("independent: entry in the kernel", ENDED, header->e_type = ET_DYN, header->e_entry = KERNEL);
    TRY("independent: as much as there are addresses", ENDED, header->e_type = ET_DYN,
        data->p_memsz = 1UL << 47);
    TRY("independent: alignment of half of them", ENDED, header->e_type = ET_DYN, code->p_align = 1UL << 46);
}

static void limits(void)
{
    TRY("RLIMIT_AS of a page", ENDED, limited = RLIMIT_AS, limit = (struct rlimit){PAGE, PAGE});
    TRY("RLIMIT_AS of 1 MiB and 2 MiB of bss", ENDED, limited = RLIMIT_AS,
        limit = (struct rlimit){1 << 20, 1 << 20}, data->p_memsz = 1 << 21);
    TRY("RLIMIT_DATA of 1 MiB and 2 MiB of bss", ENDED, limited = RLIMIT_DATA,
        limit = (struct rlimit){1 << 20, 1 << 20}, data->p_memsz = 1 << 21);
}

static void name_interpreter(const char *path, size_t length)
{
    bad.segment[2] = (Elf64_Phdr){.p_type = PT_INTERP,
                                  .p_flags = PF_R,
                                  .p_offset = offsetof(struct file, interpreter),
                                  .p_filesz = length,
                                  .p_memsz = length};
    memcpy(bad.interpreter, path, length < sizeof(bad.interpreter) ? length : sizeof(bad.interpreter));
}

#define NAME(path) name_interpreter(path, sizeof(path))

static void interpreter_names(void)
{
    TRY("interpreter: no such file", "refused: ENOENT", NAME("/no/such/file"));
    TRY("interpreter: a directory", "refused: EACCES", NAME("/tmp"));
    TRY("interpreter: a device", "refused: EACCES", NAME("/dev/null"));
    TRY("interpreter: below a file", "refused: ENOTDIR", NAME(FILE_PATH "/x"));
    TRY("interpreter: an empty name", NO_PROGRAM, name_interpreter("", 1));
    TRY("interpreter: a name of nothing", "refused: EACCES", name_interpreter("\0", 2));
    TRY("interpreter: a name without end", NO_PROGRAM, name_interpreter("/tmp", 4));
    TRY("interpreter: a longer name than paths have", NO_PROGRAM, name_interpreter("/tmp", 4097));
    TRY("interpreter: a name behind the end of the file", "refused: EIO", NAME("/tmp"),
        other->p_offset = 1UL << 20);
    TRY("interpreter: a name far away", "refused: EINVAL", NAME("/tmp"), other->p_offset = -16UL);
    TRY("interpreter: the program itself", "status 7", NAME(FILE_PATH));
}

/* The same file as an interpreter: at another place, so that the program stays where it is. */
#define TRY_INTERPRETER(what, wanted, ...)                                                                   \
    do {                                                                                                     \
        Elf64_Ehdr *header = &interpreter.header;                                                            \
        Elf64_Phdr *code = &interpreter.segment[0], *data = &interpreter.segment[1];                         \
        size_t length = sizeof(interpreter);                                                                 \
        mode_t mode = 0755;                                                                                  \
        interpreter = good;                                                                                  \
        code->p_vaddr += 1UL << 32, data->p_vaddr += 1UL << 32, header->e_entry += 1UL << 32;                \
        (void)length;                                                                                        \
        __VA_ARGS__;                                                                                         \
        store(INTERPRETER, &interpreter, length, mode);                                                      \
        NAME(INTERPRETER);                                                                                   \
        try("interpreter: " what, wanted);                                                                   \
    } while (0)
#define BAD_LIBRARY "refused: ELIBBAD"

static void interpreters(void)
{
    TRY_INTERPRETER("as it is", "status 7", );
    TRY_INTERPRETER("that may not be executed", "refused: EACCES", mode = 0644);
    TRY_INTERPRETER("empty", "refused: EIO", length = 0);
    TRY_INTERPRETER("63 bytes", "refused: EIO", length = 63);
    TRY_INTERPRETER("no header of a segment", BAD_LIBRARY, length = 64);
    TRY_INTERPRETER("wrong magic", BAD_LIBRARY, header->e_ident[0] = 0);
    TRY_INTERPRETER("another machine", BAD_LIBRARY, header->e_machine = EM_ARM);
    TRY_INTERPRETER("no segments", BAD_LIBRARY, header->e_phnum = 0);
    TRY_INTERPRETER("headers of another size", BAD_LIBRARY, header->e_phentsize = 32);
    TRY_INTERPRETER("an object file", ENDED, header->e_type = ET_REL);
    TRY_INTERPRETER("nothing to load", ENDED, code->p_type = data->p_type = PT_NULL);
    TRY_INTERPRETER("in the kernel", ENDED, code->p_vaddr = KERNEL);
    TRY_INTERPRETER("entry in the kernel", ENDED, header->e_entry = KERNEL);
    TRY_INTERPRETER("more file than memory", ENDED, data->p_filesz = data->p_memsz + 1);
    TRY_INTERPRETER("offset and address apart", ENDED, data->p_offset++);
    TRY_INTERPRETER("independent, data without end", ENDED, header->e_type = ET_DYN, data->p_memsz = ~0UL);
}

int main(void)
{
    make_good();
    bad = good;
    size = sizeof(good);
    headers();
    places();
    sizes();
    position_independent();
    limits();
    interpreter_names();
    interpreters();
    unlink(FILE_PATH);
    unlink(INTERPRETER);
    return finish();
}
