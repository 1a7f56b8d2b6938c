/* caprelay check: verdict and findings for files, without daemon, configuration or clock. */
#include "cli/verbs.h"

#include "alert/parse.h"
#include "base/buf.h"
#include "base/mem.h"
#include "profile/profile.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: caprelay check [--json] [--profile NAME] [--target NAME] FILE...\n"
    "Says whether each message can be relayed, what reading found, and which rules of its profile\n"
    "it breaks; the profile is the one that the message shows.\n"
    "  --profile  hold it to cap, cap-cp, ipaws, nws (ipaws and NWS habits) or\n"
    "             eccc (cap-cp and ECCC habits) instead\n"
    "  --target   hold it to what is derived for us-exchange, ca-exchange or us-post\n"
    "  --json     one object a line for each message\n"
    "Exit: 0 every message can be relayed (with --target: and has no warning), 1 not so, or a "
    "file\n"
    "could not be read, 2 wrong usage. Findings of a profile alone never stop an alert.\n";

struct options {
    bool json;
    bool profile_given;
    enum profile profile;
    enum profile_target target;
};

/* What one message was held to. */
struct held {
    enum profile shown;   /* as recognised, or as the user says */
    enum profile applied; /* with the habits of its author */
    enum profile_target target;
};

/* Index of the first FILE, or -1. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {{"json", no_argument, NULL, 'j'},
                                          {"profile", required_argument, NULL, 'p'},
                                          {"target", required_argument, NULL, 't'},
                                          {0}};
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'j')
            options->json = true;
        else if (option == 'p' && profile_from_name(optarg, &options->profile))
            options->profile_given = true;
        else if (option == 't' && profile_target_from_name(optarg) != PROFILE_NO_TARGET)
            options->target = profile_target_from_name(optarg);
        else
            return -1;
    }
    bool both = options->profile_given && options->target != PROFILE_NO_TARGET;
    return optind < argc && !both ? optind : -1;
}

/* One byte more than the parser takes, so that it says itself what is too large. */
static enum err_code read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_errno(err, errno, "%s", path);
    enum { CHUNK = 65536 };
    char *place;
    size_t got = 1;
    while (got > 0 && (place = buf_reserve(out, CHUNK))) {
        got = fread(place, 1, CHUNK, file);
        buf_commit(out, got);
        if (out->len > PARSE_BYTES_MAX)
            break;
    }
    int failure = ferror(file) ? errno : 0;
    fclose(file);
    return failure ? err_errno(err, failure, "%s", path) : OK;
}

static const char *kind_name(const struct alert *alert)
{
    static const char *const names[] = {"alert", "heartbeat", "unreadable"};
    return names[alert->kind];
}

static size_t count_of(const struct findings *findings, enum finding_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].severity == severity;
    return count;
}

/* What is made for a target has to keep what it asks for. */
static bool is_good(const struct alert *alert, const struct held *held)
{
    bool kept =
        held->target == PROFILE_NO_TARGET || count_of(&alert->findings, FINDING_WARNING) == 0;
    return kept && (alert->relayable || alert->kind == KIND_HEARTBEAT);
}

/* A file name may be no UTF-8; then every byte above ASCII is shown as '?'. */
static json_t *json_text(struct slice text)
{
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
    if (value)
        return value;
    char *plain = mem_alloc(text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        plain[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
    value = json_stringn(plain, text.len);
    free(plain);
    return value;
}

static json_t *json_finding(const struct finding *finding)
{
    struct arena *arena = arena_create();
    struct slice where = finding->where;
    if (finding->line)
        where = arena_printf(arena, "%.*s:%u", SLICE_ARG(where), finding->line);
    json_t *object = json_pack("{s:s, s:s, s:o, s:i, s:o}", "rule", finding->rule, "severity",
                               finding_severity_name(finding->severity), "where", json_text(where),
                               "line", (int)finding->line, "text", json_text(finding->text));
    arena_destroy(arena);
    return object;
}

static json_t *json_findings(const struct findings *findings)
{
    json_t *array = json_array();
    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(array, json_finding(&findings->items[i]));
    return array;
}

static json_t *json_identity(const struct alert *alert)
{
    if (!alert->sender.len || !alert->identifier.len || !alert->sent.set)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "sender", json_text(alert->sender), "identifier",
                     json_text(alert->identifier), "sent", json_text(alert->sent.text));
}

static json_t *json_checked(const struct alert *alert, const struct held *held)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < PROFILE_COUNT && alert->kind != KIND_UNREADABLE; i++) {
        if (profile_includes(held->applied, (enum profile)i))
            json_array_append_new(array, json_string(profile_name((enum profile)i)));
    }
    return array;
}

static void print_json(const char *file, size_t index, const struct alert *alert,
                       const struct held *held)
{
    const char *version = cap_version_name(alert->version);
    const char *target = profile_target_name(held->target);
    json_t *object = json_pack(
        "{s:o, s:I, s:s?, s:b, s:b, s:s, s:o, s:s?, s:s, s:o, s:o}", "file",
        json_text(slice_from_cstr(file)), "index", (json_int_t)index, "cap_version",
        *version ? version : NULL, "schema_valid", (int)alert->schema_valid, "relayable",
        (int)alert->relayable, "profile", profile_name(held->shown), "checked",
        json_checked(alert, held), "target", *target ? target : NULL, "kind", kind_name(alert),
        "identity", json_identity(alert), "findings", json_findings(&alert->findings));
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* What an alert says goes to a terminal: no control characters of either set, in one line. */
static void put_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c1) {
            putchar(' ');
            i += c1;
        } else {
            putchar(c);
        }
    }
}

static void print_finding(const struct finding *finding)
{
    printf("    %-7s  %s  ", finding_severity_name(finding->severity), finding->rule);
    put_plain(finding->where);
    if (finding->line)
        printf(":%u", finding->line);
    printf("  ");
    put_plain(finding->text);
    putchar('\n');
}

enum { GROUP_READING = -1 };

/* The profile whose rule it is; what reading found has a group of its own. */
static int group_of(const struct finding *finding)
{
    enum profile profile;
    return profile_of_rule(finding->rule, &profile) ? (int)profile : GROUP_READING;
}

static void print_counts(const size_t counts[3])
{
    const char *separator = " ";
    for (int severity = FINDING_FATAL; severity >= FINDING_NOTE; severity--) {
        const char *plural = counts[severity] == 1 || severity == FINDING_FATAL ? "" : "s";
        if (counts[severity] == 0)
            continue;
        printf("%s%zu %s%s", separator, counts[severity],
               finding_severity_name((enum finding_severity)severity), plural);
        separator = ", ";
    }
    printf("%s\n", *separator == ' ' ? " kept" : "");
}

static void print_group(const struct alert *alert, int group, const char *name, bool always)
{
    size_t counts[3] = {0};
    for (size_t i = 0; i < alert->findings.count; i++) {
        if (group_of(&alert->findings.items[i]) == group)
            counts[alert->findings.items[i].severity]++;
    }
    if (!always && counts[0] + counts[1] + counts[2] == 0)
        return;
    printf("  %s:", name);
    print_counts(counts);
    for (size_t i = 0; i < alert->findings.count; i++) {
        if (group_of(&alert->findings.items[i]) == group)
            print_finding(&alert->findings.items[i]);
    }
}

static void print_head(const struct alert *alert, const struct held *held)
{
    printf(": %s, CAP %s, profile %s",
           alert->kind == KIND_HEARTBEAT ? "heartbeat"
           : alert->relayable            ? "relayable"
                                         : "cannot be relayed",
           cap_version_name(alert->version), profile_name(held->shown));
    if (held->applied != held->shown)
        printf(" (%s)", profile_name(held->applied));
    if (held->target != PROFILE_NO_TARGET)
        printf(", for %s", profile_target_name(held->target));
    printf(", schema %s: ", alert->schema_valid ? "valid" : "not valid");
    put_plain(alert->sender);
    putchar(' ');
    put_plain(alert->identifier);
    putchar(' ');
    put_plain(alert->sent.text);
    putchar('\n');
}

static void print_text(const char *file, size_t index, size_t count, const struct alert *alert,
                       const struct held *held)
{
    put_plain(slice_from_cstr(file));
    if (count > 1)
        printf("[%zu]", index);
    if (alert->kind == KIND_UNREADABLE)
        printf(": unreadable\n");
    else
        print_head(alert, held);
    print_group(alert, GROUP_READING, "reading", false);
    /* Of a heartbeat only CAP's own rules are asked. */
    enum profile held_to = alert->kind == KIND_HEARTBEAT ? PROFILE_CAP : held->applied;
    for (unsigned i = 0; i < PROFILE_COUNT; i++)
        print_group(alert, (int)i, profile_name((enum profile)i),
                    alert->kind != KIND_UNREADABLE && profile_includes(held_to, (enum profile)i));
}

static struct held hold(const struct options *options, struct alert *alert, struct arena *arena)
{
    struct held held = {.shown =
                            options->profile_given ? options->profile : profile_recognise(alert),
                        .target = options->target};
    held.applied = options->profile_given ? options->profile : profile_of_author(alert);
    if (options->target != PROFILE_NO_TARGET) {
        held.applied = options->target == PROFILE_CA_EXCHANGE ? PROFILE_CAP_CP : PROFILE_IPAWS;
        held.shown = held.applied;
        profile_check_target(alert, arena, options->target);
    } else {
        profile_check(alert, arena, held.applied);
    }
    return held;
}

/* Whether all that the bytes hold is good. */
static bool check_bytes(const struct parser *parser, const struct options *options,
                        const char *file, struct slice bytes)
{
    struct arena *arena = arena_create();
    struct parsed parsed = parser_read(parser, arena, bytes);
    bool good = true;
    for (size_t i = 0; i < parsed.count; i++) {
        struct alert *alert = parsed.alerts[i];
        struct held held = hold(options, alert, arena);
        if (options->json)
            print_json(file, i, alert, &held);
        else
            print_text(file, i, parsed.count, alert, &held);
        good = good && is_good(alert, &held);
    }
    arena_destroy(arena);
    return good;
}

static void report_unopened(const struct options *options, const char *file, const struct err *err)
{
    fprintf(stderr, "caprelay check: %s\n", err->text);
    if (!options->json)
        return;
    struct arena *arena = arena_create();
    struct alert alert = {.kind = KIND_UNREADABLE};
    findings_add(&alert.findings, arena, "read.file", FINDING_FATAL, "document", 0, "%s",
                 err->text);
    print_json(file, 0, &alert, &(struct held){.target = options->target});
    arena_destroy(arena);
}

static bool check_file(const struct parser *parser, const struct options *options, const char *file)
{
    struct buf bytes;
    struct err err = {0};
    buf_init(&bytes, PARSE_BYTES_MAX + 2 * 65536);
    bool good = false;
    if (read_file(file, &bytes, &err) == OK)
        good = check_bytes(parser, options, file, buf_slice(&bytes));
    else
        report_unopened(options, file, &err);
    buf_fini(&bytes);
    return good;
}

int verb_check(int argc, char **argv)
{
    struct options options = {0};
    int first = read_options(argc, argv, &options);
    if (first < 0) {
        fputs(usage, stderr);
        return 2;
    }
    struct parser *parser = NULL;
    struct err err = {0};
    if (parser_create(&parser, &err) != OK) {
        fprintf(stderr, "caprelay check: %s\n", err.text);
        return 1;
    }
    bool good = true;
    for (int i = first; i < argc; i++)
        good = check_file(parser, &options, argv[i]) && good;
    parser_destroy(parser);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "caprelay check: standard output: %s\n", strerror(errno));
        return 1;
    }
    return good ? 0 : 1;
}
