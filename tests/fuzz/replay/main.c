/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over the inputs that were kept: replay FOLDER...
 * With it any compiler can check what the fuzzer once found.
 */
#include "fuzz/fuzz.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int replay_file(FILE *file, const char *path)
{
    uint8_t *data = NULL;
    size_t size = 0;
    size_t n_read;

    /* Grown to the exact size, so that a sanitizer sees a read past its end. */
    do {
        uint8_t chunk[4096];
        n_read = fread(chunk, 1, sizeof(chunk), file);
        uint8_t *grown = realloc(data, size + n_read + (size + n_read == 0));
        if (!grown) {
            free(data);
            fprintf(stderr, "replay: no memory for %s\n", path);
            return 1;
        }
        data = grown;
        memcpy(data + size, chunk, n_read);
        size += n_read;
    } while (n_read > 0);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int replay_folder(DIR *folder, const char *path, int *n_inputs)
{
    int result = 0;
    const struct dirent *entry;

    while ((entry = readdir(folder))) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        FILE *file = fopen(name, "rb");
        if (!file) {
            perror(name);
            result = 1;
            continue;
        }
        result |= replay_file(file, name);
        (*n_inputs)++;
        fclose(file);
    }
    return result;
}

int main(int argc, char **argv)
{
    int result = 0;
    int n_inputs = 0;

    for (int i = 1; i < argc; i++) {
        /* A target without kept inputs has no folder yet. */
        DIR *folder = opendir(argv[i]);
        if (!folder)
            continue;
        result |= replay_folder(folder, argv[i], &n_inputs);
        closedir(folder);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%d inputs\n", n_inputs);
    return result;
}
