/*
 * load: reads a recording, a few files at a time, into a plan.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_LOAD_H
#define CAPRELAY_ADAPTERS_REPLAY_LOAD_H

#include "adapters/adapter.h"
#include "adapters/replay/plan.h"
#include "alert/parse.h"

struct load;

/* What a file of the recording holds; lent until the next call. */
struct load_document {
    const char *path;
    struct digest digest; /* of the file's bytes */
    struct parsed parsed;
    struct arena *arena;
};

/* `only`: SIDE_NONE, or the timeline's other country is left out. Fails where the folder or its
 * timeline.tsv cannot be read. */
enum err_code load_create(struct host *host, struct slice folder, enum side only, struct load **out,
                          struct err *err);
/* Accepts NULL. */
void load_destroy(struct load *load);

/* Reads some more into the plan; false when all is read. Whatever is not played is logged with the
 * reason. */
bool load_continue(struct load *load, struct plan *plan);
size_t load_skipped(const struct load *load);

/* One file again, for playing. The last one is kept, so that an envelope of many alerts is parsed
 * once. */
enum err_code load_document(struct load *load, const char *path, const struct load_document **out,
                            struct err *err);

#endif
