/*
 * caprelay translate: one file for the other side, on stdout; the notes on stderr. Links the pure
 * core: no daemon, no configuration, no clock.
 */
#include "translate/translate.h"
#include "alert/parse.h"
#include "base/mem.h"
#include "cli/common.h"
#include "cli/explain.h"
#include "cli/verbs.h"
#include "profile/profile.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CANNOT = EXIT_NOT };
enum { REFS_MAX = 100 };

struct request {
    enum side to;
    bool json;
    bool explain;
    bool help;
    unsigned long long number; /* which alert of several, from 1; 0: not said */
    const char *boundaries;
    const char *refs[REFS_MAX];
    size_t ref_count;
    const char *file;
};

struct session {
    struct request request;
    struct arena *arena; /* what was read */
    struct arena *made;  /* one translation and its explanation */
    struct parser *parser;
    struct geo *geo;
    const struct alert **referenced; /* newest first */
    size_t referenced_count;
    size_t referenced_capacity;
};

static const char usage_text[] =
    "usage: caprelay translate --to us|ca [--ref FILE]... [--explain] [--json] [--alert N] "
    "[--boundaries FILE] FILE\n"
    "  --to us|ca         side that the alert is for\n"
    "  --ref FILE         an alert that FILE references; what a Cancel without info cancels\n"
    "  --explain          not the message, but a table of what became of each element and why\n"
    "  --json             one object with `derived` and `notes` on stdout for each alert\n"
    "  --alert N          of a file that holds several alerts the N-th; else --json and --explain\n"
    "                     take each in turn\n"
    "  --boundaries FILE  packed boundaries (else CAPRELAY_BOUNDARIES, else those of the "
    "program)\n";

static int usage(const char *why)
{
    fprintf(stderr, "translate: %s\n%s", why, usage_text);
    return EXIT_USAGE;
}

static int read_request(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {{"to", required_argument, NULL, 't'},
                                            {"ref", required_argument, NULL, 'r'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"alert", required_argument, NULL, 'a'},
                                            {"boundaries", required_argument, NULL, 'b'},
                                            {"explain", no_argument, NULL, 'e'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 't')
            request->to = side_from_name(slice_from_cstr(optarg));
        else if (option == 'j')
            request->json = true;
        else if (option == 'e')
            request->explain = true;
        else if (option == 'a' &&
                 (!common_number(optarg, &request->number) || request->number == 0))
            return usage("--alert takes a number from 1 on");
        else if (option == 'b')
            request->boundaries = optarg;
        else if (option == 'r' && request->ref_count < REFS_MAX)
            request->refs[request->ref_count++] = optarg;
        else if (option == 'h')
            request->help = true;
        else if (option != 'a')
            return usage(option == 'r' ? "too many --ref"
                                       : "unknown option, or one without its value");
    }
    if (request->help)
        return EXIT_DONE;
    if (request->to == SIDE_NONE)
        return usage("--to us or --to ca is needed");
    if (optind + 1 != argc)
        return usage("exactly one FILE is needed");
    request->file = argv[optind];
    return EXIT_DONE;
}

static enum err_code read_file(struct arena *arena, const char *path, struct slice *out,
                               struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_errno(err, errno, "%s", path);
    char *bytes = arena_alloc(arena, PARSE_BYTES_MAX + 1);
    size_t len = fread(bytes, 1, PARSE_BYTES_MAX + 1, file);
    enum err_code code = OK;
    if (ferror(file))
        code = err_errno(err, errno, "%s", path);
    else if (len > PARSE_BYTES_MAX)
        code = err_set(err, ERR_LIMIT, "%s: more than %d bytes", path, PARSE_BYTES_MAX);
    fclose(file);
    *out = slice_of(bytes, len);
    return code;
}

/* Beside the program (a build folder), where it is installed beside it, or nowhere. */
static char *default_boundaries(struct arena *arena)
{
    static const char *const places[] = {"boundaries-standard.bin",
                                         "../share/caprelay/boundaries-standard.bin"};
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    while (len > 0 && self[len - 1] != '/')
        len--;
    for (size_t i = 0; len > 0 && i < sizeof(places) / sizeof(places[0]); i++) {
        struct slice path = arena_printf(arena, "%.*s%s", (int)len, self, places[i]);
        char *text = arena_cstr(arena, path);
        if (access(text, R_OK) == 0)
            return text;
    }
    return NULL;
}

static enum err_code open_boundaries(struct session *session, struct err *err)
{
    const char *path = session->request.boundaries;
    if (!path)
        path = getenv("CAPRELAY_BOUNDARIES");
    if (!path || !*path)
        path = default_boundaries(session->arena);
    if (!path) {
        fprintf(stderr, "translate: no boundaries found; location codes are not computed\n");
        return OK;
    }
    return geo_open(path, &session->geo, err);
}

static void print_findings(const char *file, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        fprintf(stderr, "%s:%u: %s: %s: %.*s: %.*s\n", file, finding->line,
                finding_severity_name(finding->severity), finding->rule, SLICE_ARG(finding->where),
                SLICE_ARG(finding->text));
    }
}

static void add_reference(struct session *session, const struct alert *alert)
{
    session->referenced = mem_grow(session->referenced, session->referenced_count,
                                   &session->referenced_capacity, sizeof(*session->referenced));
    size_t at = session->referenced_count++;
    for (; at > 0 && session->referenced[at - 1]->sent.utc_s < alert->sent.utc_s; at--)
        session->referenced[at] = session->referenced[at - 1];
    session->referenced[at] = alert;
}

static enum err_code read_references(struct session *session, struct err *err)
{
    for (size_t i = 0; i < session->request.ref_count; i++) {
        const char *path = session->request.refs[i];
        struct slice bytes;
        enum err_code code = read_file(session->arena, path, &bytes, err);
        if (code != OK)
            return code;
        struct parsed parsed = parser_read(session->parser, session->arena, bytes);
        for (size_t j = 0; j < parsed.count; j++) {
            if (!parsed.alerts[j]->relayable) {
                print_findings(path, &parsed.alerts[j]->findings);
                return err_set(err, ERR_INVALID, "%s: not an alert that can be read", path);
            }
            add_reference(session, parsed.alerts[j]);
        }
    }
    return OK;
}

static json_t *json_text(struct slice text)
{
    return json_stringn_nocheck(text.ptr ? text.ptr : "", text.len);
}

static json_t *json_notes(const struct notes *notes)
{
    json_t *array = json_array();
    for (size_t i = 0; i < notes->count; i++) {
        const struct note *note = &notes->items[i];
        json_array_append_new(array, json_pack("{s:o, s:s, s:o}", "where", json_text(note->where),
                                               "code", note->code, "text", json_text(note->text)));
    }
    return array;
}

static json_t *json_findings(const struct findings *findings)
{
    json_t *array = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:o, s:i, s:o}", "rule", finding->rule,
                                        "severity", finding_severity_name(finding->severity),
                                        "where", json_text(finding->where), "line",
                                        (int)finding->line, "text", json_text(finding->text)));
    }
    return array;
}

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static int print_cannot(const struct session *session, const struct alert *alert,
                        const struct err *err)
{
    const char *file = session->request.file;
    print_findings(file, &alert->findings);
    fprintf(stderr, "translate: %s: %s\n", file, err->text);
    if (session->request.json)
        print_json(json_pack("{s:n, s:[], s:o, s:o}", "derived", "notes", "findings",
                             json_findings(&alert->findings), "error",
                             json_text(slice_from_cstr(err->text))));
    return EXIT_CANNOT;
}

static void print_translation(const struct session *session, const struct translation *translation,
                              const struct explained *explained)
{
    if (session->request.json) {
        json_t *object = json_pack("{s:o, s:o}", "derived", json_text(translation->xml), "notes",
                                   json_notes(&translation->notes));
        if (explained)
            json_object_set_new(object, "explanation", explain_json(explained));
        print_json(object);
        return;
    }
    if (explained) {
        explain_print(stdout, explained);
        return;
    }
    fwrite(translation->xml.ptr, 1, translation->xml.len, stdout);
    for (size_t i = 0; i < translation->notes.count; i++) {
        const struct note *note = &translation->notes.items[i];
        fprintf(stderr, "note: %s: %.*s: %.*s\n", note->code, SLICE_ARG(note->where),
                SLICE_ARG(note->text));
    }
}

/* By what the message says, else by where it lies; SIDE_NONE where nothing tells. */
static enum side side_of(const struct session *session, const struct alert *alert)
{
    enum side side = profile_side(alert);
    for (size_t i = 0; side == SIDE_NONE && session->geo && i < alert->info_count; i++) {
        for (size_t j = 0; side == SIDE_NONE && j < alert->infos[i].area_count; j++) {
            const struct cap_area *area = &alert->infos[i].areas[j];
            struct geo_shape shape = {.polygons = area->polygons,
                                      .polygon_count = area->polygon_count,
                                      .circles = area->circles,
                                      .circle_count = area->circle_count};
            side = geo_side_of(session->geo, &shape);
        }
    }
    return side;
}

/* Reads the derived bytes back: what is checked is what would be sent. */
static int print_explained(struct session *session, const struct alert *alert,
                           const struct translation *translation, const struct trace *trace)
{
    struct explanation explanation;
    if (!explain(alert, translation, trace, session->made, &explanation)) {
        struct err err = {0};
        err_set(&err, ERR_LIMIT,
                "too many elements to explain; without --explain it is translated");
        return print_cannot(session, alert, &err);
    }
    enum target target = target_of_side(session->request.to);
    struct parsed parsed = parser_read(session->parser, session->made, translation->xml);
    profile_check_target(parsed.alerts[0], session->made,
                         target == TARGET_US_EXCHANGE ? PROFILE_US_EXCHANGE : PROFILE_CA_EXCHANGE);
    struct explained explained = {.source = alert,
                                  .translation = translation,
                                  .explanation = &explanation,
                                  .checked = parsed.alerts[0],
                                  .target = target,
                                  .infos_of_other =
                                      alert->info_count == 0 && trace->info_count > 0};
    print_translation(session, translation, &explained);
    return EXIT_DONE;
}

static int translate_alert(struct session *session, struct alert *alert)
{
    struct err err = {0};
    if (!alert->relayable && alert->kind != KIND_HEARTBEAT) {
        err_set(&err, ERR_INVALID, "this cannot be read as an alert");
        return print_cannot(session, alert, &err);
    }
    if (side_of(session, alert) == session->request.to) {
        fprintf(stderr, "translate: %s: this alert is of the side %s already\n",
                session->request.file, side_name(session->request.to));
        return EXIT_USAGE;
    }
    struct trace trace = {0};
    struct translate_options options = {.geo = session->geo,
                                        .trace = session->request.explain ? &trace : NULL,
                                        .derived_sender = SLICE(TRANSLATE_SENDER_DEFAULT),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT};
    struct translate_input input = {.alert = alert,
                                    .class = alert_class_of_status(alert->status),
                                    .target = target_of_side(session->request.to),
                                    .referenced = session->referenced,
                                    .referenced_count = session->referenced_count};
    struct translation translation;
    if (translate(&options, &input, session->made, &translation, &err) != OK)
        return print_cannot(session, alert, &err);
    if (session->request.explain)
        return print_explained(session, alert, &translation, &trace);
    print_translation(session, &translation, NULL);
    return EXIT_DONE;
}

static int translate_one(struct session *session, struct alert *alert)
{
    session->made = arena_create();
    int status = translate_alert(session, alert);
    arena_destroy(session->made);
    return status;
}

/* Several XML documents after one another are none. */
static int ask_which(const struct session *session, const struct parsed *parsed)
{
    enum { SHOWN_MAX = 40 };
    fprintf(stderr,
            "translate: %s: holds %zu alerts: choose one by --alert N, or take all of them with "
            "--json or --explain\n",
            session->request.file, parsed->count);
    for (size_t i = 0; i < parsed->count && i < SHOWN_MAX; i++) {
        fprintf(stderr, "%4zu  ", i + 1);
        common_print(stderr, parsed->alerts[i]->identifier);
        fputs(" of ", stderr);
        common_print(stderr, parsed->alerts[i]->sender);
        fputc('\n', stderr);
    }
    if (parsed->count > SHOWN_MAX)
        fprintf(stderr, "      and %zu more\n", parsed->count - SHOWN_MAX);
    return EXIT_CANNOT;
}

static int run(struct session *session, struct err *err)
{
    struct slice bytes;
    if (parser_create(&session->parser, err) != OK || open_boundaries(session, err) != OK ||
        read_references(session, err) != OK ||
        read_file(session->arena, session->request.file, &bytes, err) != OK) {
        fprintf(stderr, "translate: %s\n", err->text);
        return EXIT_CANNOT;
    }
    struct parsed parsed = parser_read(session->parser, session->arena, bytes);
    const struct request *request = &session->request;
    if (request->number > parsed.count) {
        fprintf(stderr, "translate: %s: holds %zu alerts, so there is no number %llu\n",
                request->file, parsed.count, request->number);
        return EXIT_CANNOT;
    }
    if (request->number > 0)
        return translate_one(session, parsed.alerts[request->number - 1]);
    if (parsed.count > 1 && !request->json && !request->explain)
        return ask_which(session, &parsed);
    int status = EXIT_DONE;
    for (size_t i = 0; i < parsed.count; i++) {
        int of_this = translate_one(session, parsed.alerts[i]);
        status = of_this > status ? of_this : status;
    }
    return status;
}

int verb_translate(int argc, char **argv)
{
    struct session session = {0};
    struct err err = {0};
    int status = read_request(argc, argv, &session.request);
    if (status != EXIT_DONE)
        return status;
    if (session.request.help)
        return fputs(usage_text, stdout) < 0 ? EXIT_CANNOT : EXIT_DONE;
    session.arena = arena_create();
    status = run(&session, &err);
    if (fflush(stdout) != 0 && status == EXIT_DONE) {
        fprintf(stderr, "translate: cannot write: %s\n", strerror(errno));
        status = EXIT_CANNOT;
    }
    free(session.referenced);
    geo_close(session.geo);
    parser_destroy(session.parser);
    arena_destroy(session.arena);
    return status;
}
