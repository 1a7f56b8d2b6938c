/*
 * walk: the files below a folder, a few at a time, so that a large tree does not hold the loop.
 *
 * Names that begin with a dot and unfinished ones (.tmp, .part) are left out, and so are folders
 * that are links: a folder that others may write to must not lead outside itself. Regular files are
 * not opened. For the loop's thread.
 */
#ifndef CAPRELAY_ADAPTERS_WALK_H
#define CAPRELAY_ADAPTERS_WALK_H

#include "base/err.h"
#include "base/slice.h"

#include <sys/stat.h>

struct walk;

struct walk_entry {
    const char *path; /* relative to the folder; lent until the next call */
    struct stat st;   /* of the name itself, a link is not followed */
    int error;        /* errno where the entry cannot be looked at; st is not set then */
};

/* Whether a file of that name is finished, by its name alone. Pure. */
bool walk_takes_name(struct slice name);

/* `skip_top`: names in the folder itself that are left out, NULL at the end; may be NULL. */
enum err_code walk_open(int folder_fd, bool recursive, const char *const *skip_top,
                        struct walk **out, struct err *err);
/* The next file or (recursive) folder; false at the end. */
bool walk_next(struct walk *walk, struct walk_entry *out);
/* Accepts NULL. */
void walk_close(struct walk *walk);

#endif
