/*
 * read_whole: one file below a folder, all of it or a reason.
 */
#ifndef CAPRELAY_ADAPTERS_READ_WHOLE_H
#define CAPRELAY_ADAPTERS_READ_WHOLE_H

#include "base/err.h"
#include "base/slice.h"

#include <sys/stat.h>

enum { READ_WHOLE_MAX = 8 * 1024 * 1024 }; /* as PARSE_BYTES_MAX */

/*
 * `*out` is the caller's to free(); NULL on failure. `*st` is what the file was when it was opened.
 * Links are not followed. ERR_NOT_FOUND: no such file. ERR_INVALID: no regular file. ERR_LIMIT: too
 * large, nothing was read. ERR_STATE: it changed while it was read.
 */
enum err_code read_whole(int folder_fd, const char *path, char **out, size_t *len, struct stat *st,
                         struct err *err);

/* As read_whole(), but a file that is too large gives its first READ_WHOLE_MAX + 1 bytes: just
 * enough for whoever parses them to refuse them by their size. */
enum err_code read_whole_or_cut(int folder_fd, const char *path, char **out, size_t *len,
                                struct stat *st, struct err *err);

/* "is a link, and links are not followed", ... */
const char *read_whole_why_not(const struct stat *st);

#endif
