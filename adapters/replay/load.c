#include "adapters/replay/load.h"

#include "adapters/read_whole.h"
#include "adapters/replay/rewrite.h"
#include "adapters/replay/timeline.h"
#include "adapters/walk.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* One turn of the loop: some milliseconds of parsing. */
enum { LOAD_FILES_PER_TURN = 8 };

#define TIMELINE_FILE "timeline.tsv"

struct load {
    struct host *host;
    int folder_fd;
    enum side only;
    struct parser *parser;
    struct walk *walk; /* without a timeline */
    struct arena *arena;
    struct timeline timeline;
    size_t next_row;
    size_t skipped;
    struct load_document document;
};

static void skip(struct load *load, const char *path, unsigned index, const char *reason)
{
    bool alarm = strncmp(reason, "unreadable", strlen("unreadable")) == 0;
    load->skipped++;
    host_log(load->host, alarm ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "replay.skipped",
             "file=%s index=%u reason=%s", log_quote_cstr(path).text, index + 1,
             log_quote_cstr(reason).text);
}

/* --- opening --- */

static enum err_code open_timeline(struct load *load, struct err *err)
{
    struct stat st;
    char *bytes = NULL;
    size_t len = 0;
    enum err_code code = read_whole(load->folder_fd, TIMELINE_FILE, &bytes, &len, &st, err);
    if (code == OK)
        code = timeline_read(load->arena, slice_of(bytes, len), &load->timeline, err);
    else if (code != ERR_NOT_FOUND)
        err_wrap(err, TIMELINE_FILE);
    free(bytes);
    return code;
}

static enum err_code open_recording(struct load *load, struct slice folder, struct err *err)
{
    load->folder_fd = open(folder.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (load->folder_fd < 0)
        return err_errno(err, errno, "%s", folder.ptr);
    enum err_code code = open_timeline(load, err);
    if (code == ERR_NOT_FOUND && load->only != SIDE_NONE)
        return err_set(err, ERR_INVALID, "%s: `only` needs a " TIMELINE_FILE, folder.ptr);
    if (code == ERR_NOT_FOUND)
        code = walk_open(load->folder_fd, true, NULL, &load->walk, err);
    if (code != OK)
        return err_wrap(err, "%s", folder.ptr);
    return parser_create(&load->parser, err);
}

enum err_code load_create(struct host *host, struct slice folder, enum side only, struct load **out,
                          struct err *err)
{
    struct load *load = mem_alloc(sizeof *load);
    load->host = host;
    load->folder_fd = -1;
    load->only = only;
    load->arena = arena_create();
    *out = NULL;
    enum err_code code = open_recording(load, folder, err);
    if (code != OK) {
        load_destroy(load);
        return code;
    }
    *out = load;
    return OK;
}

static void forget_document(struct load *load)
{
    arena_destroy(load->document.arena);
    load->document = (struct load_document){0};
}

void load_destroy(struct load *load)
{
    if (!load)
        return;
    forget_document(load);
    walk_close(load->walk);
    parser_destroy(load->parser);
    if (load->folder_fd >= 0)
        close(load->folder_fd);
    arena_destroy(load->arena);
    free(load);
}

/* --- reading --- */

enum err_code load_document(struct load *load, const char *path, const struct load_document **out,
                            struct err *err)
{
    struct stat st;
    char *bytes = NULL;
    size_t len = 0;
    *out = &load->document;
    if (load->document.path && strcmp(load->document.path, path) == 0)
        return OK;
    forget_document(load);
    enum err_code code = read_whole(load->folder_fd, path, &bytes, &len, &st, err);
    if (code != OK)
        return code;
    struct slice all = slice_of(bytes, len);
    load->document.arena = arena_create();
    load->document.path = arena_cstr(load->document.arena, slice_from_cstr(path));
    load->document.digest = digest_of(all);
    load->document.parsed = parser_read(load->parser, load->document.arena, all);
    free(bytes);
    return OK;
}

static void plan_file(struct load *load, struct plan *plan, const char *path, double offset_s,
                      bool left_out)
{
    struct err err = {0};
    const struct load_document *document;
    if (load_document(load, path, &document, &err) != OK) {
        skip(load, path, 0, err.text);
        return;
    }
    if (document->parsed.no_cap) {
        skip(load, path, 0, "holds no CAP alert");
        return;
    }
    for (size_t i = 0; i < document->parsed.count; i++) {
        const struct alert *alert = document->parsed.alerts[i];
        const char *refusal = rewrite_refusal(document->arena, alert);
        if (refusal)
            skip(load, path, (unsigned)i, refusal);
        else
            plan_add(plan, path, (unsigned)i, alert, offset_s, left_out);
    }
}

static bool next_of_timeline(struct load *load, struct plan *plan)
{
    if (load->next_row == load->timeline.count)
        return false;
    const struct timeline_row *row = &load->timeline.rows[load->next_row++];
    bool left_out = load->only != SIDE_NONE && row->country != load->only;
    plan_file(load, plan, row->file, row->offset_s, left_out);
    return true;
}

static bool next_of_walk(struct load *load, struct plan *plan)
{
    struct walk_entry entry;
    if (!walk_next(load->walk, &entry))
        return false;
    if (entry.error)
        skip(load, entry.path, 0, strerror(entry.error));
    else if (S_ISREG(entry.st.st_mode))
        plan_file(load, plan, entry.path, -1, false);
    else if (!S_ISDIR(entry.st.st_mode))
        skip(load, entry.path, 0, read_whole_why_not(&entry.st));
    return true;
}

bool load_continue(struct load *load, struct plan *plan)
{
    for (int i = 0; i < LOAD_FILES_PER_TURN; i++)
        if (!(load->walk ? next_of_walk(load, plan) : next_of_timeline(load, plan)))
            return false;
    return true;
}

size_t load_skipped(const struct load *load)
{
    return load->skipped;
}
