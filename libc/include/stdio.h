/* SPDX-License-Identifier: MIT */
/* <stdio.h> - streams and formatted text. FILE is private (libc/stdio/stream.h). */
#ifndef _STDIO_H
#define _STDIO_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct stream FILE;
typedef off_t fpos_t;

/* What serves a stream of fopencookie; each may be NULL. read: 0 at the end; write: 0 or less on an error; seek: the new position
 * into *offset, and 0. */
typedef ssize_t cookie_read_function_t(void *argument, char *to, size_t size);
typedef ssize_t cookie_write_function_t(void *argument, const char *from, size_t size);
typedef int cookie_seek_function_t(void *argument, off64_t *offset, int whence);
typedef int cookie_close_function_t(void *argument);
typedef struct {
    cookie_read_function_t *read;
    cookie_write_function_t *write;
    cookie_seek_function_t *seek;
    cookie_close_function_t *close;
} cookie_io_functions_t;

#define EOF (-1)
#define BUFSIZ 4096
#define FILENAME_MAX 4096
#define FOPEN_MAX 1000
#define TMP_MAX 238328
#define L_tmpnam 20
#define L_ctermid 9
#define P_tmpdir "/tmp"

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

extern FILE *stdin;
extern FILE *stdout;
extern FILE *stderr;
#define stdin stdin
#define stdout stdout
#define stderr stderr

FILE *fopen(const char *restrict path, const char *restrict mode);
FILE *fdopen(int fd, const char *mode);
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream);
FILE *fopencookie(void *argument, const char *mode, cookie_io_functions_t functions);
FILE *fmemopen(void *restrict bytes, size_t size, const char *restrict mode);
FILE *open_memstream(char **text, size_t *size);
int fclose(FILE *stream);
int fflush(FILE *stream);
int fileno(FILE *stream);
int feof(FILE *stream);
int ferror(FILE *stream);
void clearerr(FILE *stream);
int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size);
void setbuf(FILE *restrict stream, char *restrict buffer);
void setbuffer(FILE *restrict stream, char *restrict buffer, size_t size);
void setlinebuf(FILE *stream);
int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
void rewind(FILE *stream);
int fgetpos(FILE *restrict stream, fpos_t *restrict position);
int fsetpos(FILE *stream, const fpos_t *position);
FILE *popen(const char *command, const char *mode);
int pclose(FILE *stream);

int getc(FILE *stream);
int fgetc(FILE *stream);
int getchar(void);
int ungetc(int c, FILE *stream);
char *fgets(char *restrict line, int size, FILE *restrict stream);
ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream);
ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict stream);
size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict stream);
int getw(FILE *stream);

int putc(int c, FILE *stream);
int fputc(int c, FILE *stream);
int putchar(int c);
int puts(const char *text);
int fputs(const char *restrict text, FILE *restrict stream);
size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict stream);
int putw(int value, FILE *stream);

int getc_unlocked(FILE *stream);
int getchar_unlocked(void);
int fgetc_unlocked(FILE *stream);
int putc_unlocked(int c, FILE *stream);
int putchar_unlocked(int c);
int fputc_unlocked(int c, FILE *stream);
size_t fread_unlocked(void *restrict to, size_t size, size_t count, FILE *restrict stream);
size_t fwrite_unlocked(const void *restrict from, size_t size, size_t count, FILE *restrict stream);
int fputs_unlocked(const char *restrict text, FILE *restrict stream);
char *fgets_unlocked(char *restrict line, int size, FILE *restrict stream);
int fflush_unlocked(FILE *stream);
int feof_unlocked(FILE *stream);
int ferror_unlocked(FILE *stream);
void clearerr_unlocked(FILE *stream);
int fileno_unlocked(FILE *stream);
void flockfile(FILE *stream);
void funlockfile(FILE *stream);
int ftrylockfile(FILE *stream);

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define SCANF_LIKE(text, first) __attribute__((format(scanf, text, first)))
int printf(const char *restrict format, ...) PRINTF_LIKE(1, 2);
int fprintf(FILE *restrict stream, const char *restrict format, ...) PRINTF_LIKE(2, 3);
int dprintf(int fd, const char *restrict format, ...) PRINTF_LIKE(2, 3);
int sprintf(char *restrict to, const char *restrict format, ...) PRINTF_LIKE(2, 3);
int snprintf(char *restrict to, size_t size, const char *restrict format, ...) PRINTF_LIKE(3, 4);
int asprintf(char **restrict to, const char *restrict format, ...) PRINTF_LIKE(2, 3);
int vprintf(const char *restrict format, va_list arguments) PRINTF_LIKE(1, 0);
int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments) PRINTF_LIKE(2, 0);
int vdprintf(int fd, const char *restrict format, va_list arguments) PRINTF_LIKE(2, 0);
int vsprintf(char *restrict to, const char *restrict format, va_list arguments) PRINTF_LIKE(2, 0);
int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list arguments)
    PRINTF_LIKE(3, 0);
int vasprintf(char **restrict to, const char *restrict format, va_list arguments) PRINTF_LIKE(2, 0);
int scanf(const char *restrict format, ...) SCANF_LIKE(1, 2);
int fscanf(FILE *restrict stream, const char *restrict format, ...) SCANF_LIKE(2, 3);
int sscanf(const char *restrict text, const char *restrict format, ...) SCANF_LIKE(2, 3);
int vscanf(const char *restrict format, va_list arguments) SCANF_LIKE(1, 0);
int vfscanf(FILE *restrict stream, const char *restrict format, va_list arguments) SCANF_LIKE(2, 0);
int vsscanf(const char *restrict text, const char *restrict format, va_list arguments) SCANF_LIKE(2, 0);
#undef PRINTF_LIKE
#undef SCANF_LIKE

void perror(const char *text);
FILE *tmpfile(void);
char *tmpnam(char *name);
char *tempnam(const char *directory, const char *prefix) __attribute__((malloc));
char *ctermid(char *path);
int remove(const char *path);
int rename(const char *from, const char *to);
int renameat(int from_directory, const char *from, int to_directory, const char *to);

#endif
