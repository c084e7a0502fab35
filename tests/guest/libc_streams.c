/* SPDX-License-Identifier: MIT */
/* libc_streams.c - streams without a descriptor: functions of the program's, a piece of memory, text that grows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A file of 64 bytes. */
struct tape {
    char bytes[64];
    off_t position;
    off_t length;
    int calls[4]; /* of read, write, seek, close */
};

static ssize_t tape_read(void *cookie, char *to, size_t size)
{
    struct tape *tape = cookie;

    tape->calls[0]++;
    if (size > (size_t)(tape->length - tape->position))
        size = (size_t)(tape->length - tape->position);
    memcpy(to, tape->bytes + tape->position, size);
    tape->position += (off_t)size;
    return (ssize_t)size;
}

static ssize_t tape_write(void *cookie, const char *from, size_t size)
{
    struct tape *tape = cookie;

    tape->calls[1]++;
    if (size > sizeof(tape->bytes) - (size_t)tape->position) {
        errno = ENOSPC;
        return -1;
    }
    memcpy(tape->bytes + tape->position, from, size);
    tape->position += (off_t)size;
    if (tape->position > tape->length)
        tape->length = tape->position;
    return (ssize_t)size;
}

static int tape_seek(void *cookie, off64_t *offset, int whence)
{
    struct tape *tape = cookie;
    off_t wanted = *offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? tape->position : tape->length);

    tape->calls[2]++;
    if (wanted < 0 || wanted > tape->length)
        return -1;
    *offset = tape->position = wanted;
    return 0;
}

static int tape_close(void *cookie)
{
    struct tape *tape = cookie;

    tape->calls[3]++;
    return 0;
}

static void cookies(void)
{
    struct tape tape = {0};
    char line[32], all[8];
    FILE *file =
        fopencookie(&tape, "w+", (cookie_io_functions_t){tape_read, tape_write, tape_seek, tape_close});

    printf("cookie: descriptor %d\n", fileno(file));
    fprintf(file, "number %d\n%s\n", 17, "second");
    printf("waits: %d calls, %ld bytes\n", tape.calls[1], (long)tape.length);
    int result = fflush(file);
    printf("flush %d: %ld bytes\n", result, (long)tape.length);
    printf("at %ld\n", ftell(file));
    rewind(file);
    printf("%s", fgets(line, sizeof(line), file));
    printf("at %ld, char %c", ftell(file), getc(file));
    printf(", pushed %c", ungetc('S', file));
    printf(", at %ld\n", ftell(file));
    printf("%s", fgets(line, sizeof(line), file));
    printf("end %d", getc(file));
    printf(" %d\n", feof(file) != 0);
    printf("seek %d", fseek(file, -7, SEEK_END));
    printf(", read %zu\n", fread(all, 1, sizeof(all), file));
    printf("before the beginning %d\n", fseek(file, -1, SEEK_SET));
    fseek(file, 0, SEEK_END);
    setvbuf(file, NULL, _IONBF, 0);
    fputs("now", file);
    printf("unbuffered: %.3s\n", tape.bytes + tape.length - 3);
    result = fprintf(file, "%d%s", 42, "abc");
    printf("unbuffered: %d %.5s\n", result, tape.bytes + tape.length - 5);
    for (int i = 0; i < 64; i++)
        putc('.', file);
    printf("full: error %d, %ld bytes\n", ferror(file) != 0, (long)tape.length);
    clearerr(file);
    result = fclose(file);
    printf("close %d, %d times\n", result, tape.calls[3]);
}

static int close_badly(void *)
{
    errno = EIO;
    return -1;
}

static void missing_functions(void)
{
    FILE *file = fopencookie(NULL, "r", (cookie_io_functions_t){0});

    printf("nothing to read: %d\n", getc(file));
    printf("no position: %d", fseek(file, 0, SEEK_SET));
    printf(" %ld\n", ftell(file));
    printf("close %d\n", fclose(file));
    file = fopencookie(NULL, "w", (cookie_io_functions_t){.close = close_badly});
    int c = getc(file);
    printf("not for reading: %d, error %d\n", c, ferror(file) != 0);
    errno = 0;
    c = fclose(file);
    printf("close %d, EIO %d\n", c, errno == EIO);
    printf("mode %d\n", fopencookie(NULL, "z", (cookie_io_functions_t){0}) == NULL && errno == EINVAL);
}

static void text_that_grows(void)
{
    char *text = NULL;
    size_t size = 99, wrong = 0;
    FILE *file = open_memstream(&text, &size);

    fflush(file);
    printf("empty: %zu '%s'\n", size, text);
    fprintf(file, "%s-%03d", "text", 7);
    fflush(file);
    printf("%zu '%s', at %ld\n", size, text, ftell(file));
    for (int i = 0; i < 5000; i++)
        fprintf(file, "%04d", i);
    fflush(file);
    for (int i = 0; i < 5000; i++) {
        char number[8];
        snprintf(number, sizeof(number), "%04d", i);
        wrong += memcmp(text + 8 + 4 * i, number, 4) != 0;
    }
    printf("%zu, wrong %zu, terminated %d\n", size, wrong, text[size] == '\0');
    printf("seek %d\n", fseek(file, 2, SEEK_SET));
    fputs("XY", file);
    fflush(file);
    printf("%zu, at %ld, %.8s\n", size, ftell(file), text);
    fclose(file);
    free(text);

    file = open_memstream(&text, &size);
    fputs("text", file);
    printf("before %d", fseek(file, -1, SEEK_SET));
    printf(", beyond %d", fseek(file, 3, SEEK_END));
    printf(", at %ld\n", ftell(file));
    fputs("!", file);
    printf("close %d\n", fclose(file));
    printf("%zu, %d %d %d %c %d\n", size, text[size - 4], text[size - 3], text[size - 2], text[size - 1],
           text[size]);
    free(text);
}

static void show(const char *what, const char *bytes, size_t size)
{
    printf("%s: ", what);
    for (size_t i = 0; i < size; i++)
        printf(bytes[i] >= ' ' ? "%c" : "<%d>", bytes[i]);
    printf("\n");
}

static void memory_to_read(void)
{
    char bytes[] = "12 0x1f word\nanother line\nlast";
    char line[32], word[16];
    int decimal = 0, number = 0;
    FILE *file = fmemopen(bytes, strlen(bytes), "r");

    printf("scanned %d", fscanf(file, "%d %i %15s", &decimal, &number, word));
    printf(": %d %d %s, at %ld\n", decimal, number, word, ftell(file));
    fgets(line, sizeof(line), file);
    printf("%s", fgets(line, sizeof(line), file));
    printf("%s\n", fgets(line, sizeof(line), file));
    printf("end %d %d\n", fgets(line, sizeof(line), file) == NULL, feof(file) != 0);
    printf("seek %d", fseek(file, -4, SEEK_END));
    printf(", %c\n", getc(file));
    int result = fseek(file, 1, SEEK_END);
    printf("beyond %d %d\n", result, errno == EINVAL);
    result = putc('x', file);
    printf("not for writing %d, error %d\n", result, ferror(file) != 0);
    printf("close %d\n", fclose(file));
}

static void memory_to_write(void)
{
    char bytes[9] = "########";
    FILE *file = fmemopen(bytes, 8, "w");

    fputs("abc", file);
    fflush(file);
    show("and ends", bytes, 8);
    printf("at %ld\n", ftell(file));
    fputs("defgh", file);
    printf("flush %d\n", fflush(file));
    show("full", bytes, 9);
    fseek(file, 1, SEEK_SET);
    fputs("B", file);
    fflush(file);
    show("inside", bytes, 9);
    fseek(file, 0, SEEK_END);
    fputs("too much", file);
    fclose(file); /* musl calls that no error */
    show("kept", bytes, 9);
}

static void memory_for_both(void)
{
    char bytes[16] = "one\0##########";
    char line[32];
    FILE *file = fmemopen(bytes, 12, "a+");

    printf("a begins at %ld\n", ftell(file));
    fputs("two", file);
    fseek(file, 0, SEEK_SET);
    printf("read %s\n", fgets(line, sizeof(line), file));
    fseek(file, 1, SEEK_SET);
    fputs("three", file);
    fflush(file);
    show("appended", bytes, 14);
    fclose(file);

    file = fmemopen(bytes, 12, "r+");
    fputs("ONE", file);
    fseek(file, 0, SEEK_CUR);
    printf("then %c, end at", getc(file));
    fseek(file, 0, SEEK_END);
    printf(" %ld\n", ftell(file));
    fclose(file);
    show("changed", bytes, 14);

    file = fmemopen(bytes, 12, "w+");
    show("w+ cuts", bytes, 1);
    fclose(file);
    file = fmemopen(NULL, 32, "w+");
    fprintf(file, "%d %d", 3, 4);
    rewind(file);
    int left = 0, right = 0;
    printf("own memory: %d", fscanf(file, "%d %d", &left, &right));
    printf(" %d %d\n", left, right);
    fclose(file);
    printf("mode %d\n", fmemopen(bytes, 12, "q") == NULL && errno == EINVAL);
}

/* What was taken before memory ran out is there in the end. To be done last. */
static void out_of_memory(void)
{
    static char block[1 << 20];
    const struct rlimit limit = {40UL << 20, 40UL << 20};
    char *text;
    size_t size, total = 0, taken = sizeof(block);
    FILE *file = open_memstream(&text, &size);

    memset(block, 'x', sizeof(block));
    setrlimit(RLIMIT_AS, &limit);
    while (taken == sizeof(block) && total < limit.rlim_cur) {
        taken = fwrite(block, 1, sizeof(block), file);
        total += taken;
    }
    printf("stopped: %d, ENOMEM %d\n", total < limit.rlim_cur, errno == ENOMEM);
    fclose(file);
    printf("kept: %d, %c, terminated %d\n", size > 0 && size == total, text[size - 1], text[size] == '\0');
    free(text);
    errno = 0;
    printf("too large: %d", fmemopen(NULL, 1UL << 40, "w+") == NULL);
    printf(" %d\n", errno == ENOMEM);
}

int main(void)
{
    cookies();
    missing_functions();
    text_that_grows();
    memory_to_read();
    memory_to_write();
    memory_for_both();
    out_of_memory();
    return 0;
}
