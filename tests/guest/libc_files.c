/* SPDX-License-Identifier: MIT */
/* libc_files.c - streams over a real file: writing, seeking, appending, reading back; directories; names for temporary files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static void write_and_seek(void)
{
    FILE *file = fopen(path, "w+");

    if (file == NULL) {
        perror("fopen");
        exit(1);
    }
    for (int i = 0; i < 1000; i++)
        fprintf(file, "line %04d\n", i);
    printf("at %ld\n", ftell(file));
    fseek(file, 10 * 500, SEEK_SET);
    char line[32];
    printf("%s", fgets(line, sizeof(line), file));
    printf("at %ld\n", ftell(file));
    fseek(file, 0, SEEK_CUR);
    fputs("LINE", file);
    fseek(file, -4, SEEK_CUR);
    printf("%s", fgets(line, sizeof(line), file));
    fseek(file, -10, SEEK_END);
    printf("%s", fgets(line, sizeof(line), file));
    printf("end %d %d\n", getc(file), feof(file) != 0);
    rewind(file);
    printf("%c %d\n", getc(file), feof(file) != 0);
    fclose(file);
}

static void append(void)
{
    FILE *file = fopen(path, "a");
    struct stat status;

    fputs("tail\n", file);
    fclose(file);
    stat(path, &status);
    printf("size %lld regular %d mode %o\n", (long long)status.st_size, S_ISREG(status.st_mode),
           status.st_mode & 0600);
    printf("again %d\n", fopen(path, "wx") == NULL && errno == EEXIST);
}

static void list(void)
{
    DIR *open_directory = opendir(directory);
    struct dirent *entry, own, *found;
    int error, entries = 0;

    while ((entry = readdir(open_directory)) != NULL)
        if (entry->d_name[0] != '.')
            printf("entry %s\n", entry->d_name);
    rewinddir(open_directory);
    while ((error = readdir_r(open_directory, &own, &found)) == 0 && found == &own) {
        entries++;
        if (own.d_name[0] != '.')
            printf("again %s\n", own.d_name);
    }
    printf("entries %d, error %d, end %d\n", entries, error, found == NULL);
    closedir(open_directory);
}

static void words(void)
{
    FILE *file = fopen(path, "w+");

    printf("words %d", putw(-2, file));
    printf(" %d", putw(305419896, file));
    rewind(file);
    int first = getw(file), second = getw(file), third = getw(file);
    printf(": %d %d %d, end %d\n", first, second, third, feof(file) != 0);
    fclose(file);
}

/* What became of the pattern: its beginning and its end are kept, and there are no marks in it any more. */
static void made(const char *what, int fd, const char *name, size_t before, const char *suffix)
{
    size_t length = strlen(name), end = strlen(suffix);
    struct stat status;
    int exists = stat(name, &status) == 0;

    printf("%s: %d, exists %d, mode %o, kept %d, marks %d, closed by exec %d\n", what, fd >= 0, exists,
           exists ? status.st_mode & 0777 : 0,
           strncmp(name, directory, before) == 0 && strcmp(name + length - end, suffix) == 0,
           strstr(name, "XXXXXX") != NULL, fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    if (fd >= 0)
        close(fd);
    unlink(name);
}

static void temporary_names(void)
{
    char name[128], other[L_tmpnam], terminal[L_ctermid];
    size_t length = strlen(directory);
    int fd;

    snprintf(name, sizeof(name), "%s/aXXXXXX.txt", directory);
    fd = mkstemps(name, 4);
    made("mkstemps", fd, name, length, ".txt");
    snprintf(name, sizeof(name), "%s/aXXXXXX.c", directory);
    fd = mkostemps(name, 2, O_CLOEXEC);
    made("mkostemps", fd, name, length, ".c");
    snprintf(name, sizeof(name), "%s/aXXXXXX", directory);
    made("mktemp", *mktemp(name) == '\0' ? 0 : -1, name, length, "");
    strcpy(name, "short");
    printf("mktemp without marks: '%s'", mktemp(name));
    printf(" %d\n", errno == EINVAL);
    strcpy(name, "aXXXXXXb");
    printf("suffix of the wrong length: %d", mkstemps(name, 2));
    printf(" %d\n", errno == EINVAL);
    strcpy(name, "XXXXXX");
    printf("suffix longer than the name: %d", mkstemps(name, 7));
    printf(" %d\n", errno == EINVAL);

    printf("tmpnam: %d, free %d, another one %d\n", tmpnam(other) == other, access(other, F_OK) != 0,
           strcmp(tmpnam(NULL), other) != 0);
    char *chosen = tempnam(directory, "begin");
    printf("tempnam: %d, free %d\n",
           strncmp(chosen, directory, length) == 0 && strncmp(chosen + length, "/begin", 6) == 0,
           access(chosen, F_OK) != 0);
    free(chosen);
    printf("%s %s\n", ctermid(NULL), ctermid(terminal));
}

static int is_version(const struct dirent *entry)
{
    return entry->d_name[0] == 'v';
}

static void sorted_by_version(void)
{
    static const char *const names[] = {"v10", "v9", "v1.10", "v1.9", "v010"};
    struct dirent **entries;
    char name[512];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), "%s/%s", directory, names[i]);
        fclose(fopen(name, "w"));
    }
    int count = scandir(directory, &entries, is_version, versionsort);
    for (int i = 0; i < count; i++) {
        printf(" %s", entries[i]->d_name);
        snprintf(name, sizeof(name), "%s/%s", directory, entries[i]->d_name);
        unlink(name);
        free(entries[i]);
    }
    printf("\n");
    free(entries);
}

int main(void)
{
    unsetenv("TMPDIR");
    snprintf(directory, sizeof(directory), "/tmp/libc_files.%d", (int)getpid());
    snprintf(path, sizeof(path), "%s/file", directory);
    if (mkdir(directory, 0700) != 0) {
        perror("mkdir");
        return 1;
    }
    write_and_seek();
    append();
    list();
    words();
    temporary_names();
    sorted_by_version();
    printf("removed %d", remove(path));
    printf(" %d\n", remove(directory));
    return 0;
}
