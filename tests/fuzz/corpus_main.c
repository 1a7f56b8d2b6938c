/* Runs a fuzz target over the files of folders: its corpus and past crashes are ordinary tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An allocation of just that size, so that AddressSanitizer sees a read past the end. */
static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    uint8_t *data = malloc(size ? size : 1);
    size_t got = data ? fread(data, 1, size, file) : 0;
    fclose(file);
    int result = data && got == size ? LLVMFuzzerTestOneInput(data, size) : -1;
    free(data);
    return result;
}

/* The count of files, or -1. */
static int run_folder(const char *folder)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return -1;
    int count = 0;
    const struct dirent *entry;
    while (count >= 0 && (entry = readdir(stream))) {
        char path[4096];
        struct stat status;
        int len = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof path || stat(path, &status) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        count = run_file(path, (size_t)status.st_size) == 0 ? count + 1 : -1;
        if (count < 0)
            fprintf(stderr, "%s: failed\n", path);
    }
    closedir(stream);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], count == 0 ? "no file in it" : "cannot be run");
            return 1;
        }
        total += count;
    }
    printf("%d files\n", total);
    return total > 0 ? 0 : 1;
}
