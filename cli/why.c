/* caprelay why and copies: what became of a message. */
#include "cli/common.h"
#include "cli/verbs.h"

static const char why_usage[] =
    "usage: caprelay why --relay CARD [OPTION]... TEXT\n"
    "TEXT is an identifier, a derived identifier, a digest, or a part of one (3 characters).\n"
    "Exit 1 where the relay knows nothing of it.\n" COMMON_USAGE
    "  --max N              rows at most (20)\n";

static const char copies_usage[] = "usage: caprelay copies --relay CARD [OPTION]... NUMBER\n"
                                   "Later arrivals of the alert of that bulletin.\n" COMMON_USAGE;

enum { OPTION_MAX = OPTION_OWN };

static bool max_option(void *context, int option, const char *argument)
{
    unsigned long long *max = context;

    return option == OPTION_MAX && common_number(argument, max) && *max >= 1 && *max <= 100;
}

static void field(const char *name, const char *text)
{
    printf("  %-10s ", name);
    common_print_cstr(stdout, text);
    putchar('\n');
}

static void print_notes(const json_t *details, const char *kind, const char *code_name)
{
    const json_t *list = json_object_get(details, kind);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *note = json_array_get(list, i);
        printf("  %-10s ", i ? "" : kind);
        common_print_cstr(stdout, common_json_text(note, code_name));
        fputs(": ", stdout);
        common_print_cstr(stdout, common_json_text(note, "text"));
        if (json_is_string(json_object_get(note, "where"))) {
            fputs(" (", stdout);
            common_print_cstr(stdout, common_json_text(note, "where"));
            fputc(')', stdout);
        }
        putchar('\n');
    }
}

static void print_numbers(const json_t *row)
{
    const json_t *numbers = json_object_get(row, "bulletins");

    if (!json_array_size(numbers))
        return;
    printf("  %-10s", "published");
    for (size_t i = 0; i < json_array_size(numbers); i++)
        printf(" no. %lld", (long long)json_integer_value(json_array_get(numbers, i)));
    putchar('\n');
}

/* Of the alert's own XML signature; nothing where the relay was not to look. */
static void print_signature(const json_t *signature)
{
    if (!json_is_object(signature))
        return;
    field("signature", common_json_text(signature, "verdict"));
    if (json_is_string(json_object_get(signature, "text")))
        field("", common_json_text(signature, "text"));
}

static void print_row(const json_t *row)
{
    const json_t *details = json_object_get(row, "details");

    printf("%s  ", common_json_text(row, "verdict"));
    common_print_cstr(stdout, common_json_text(row, "identifier"));
    printf("  (%s)\n", common_json_text(row, "class"));
    field("because", common_json_text(row, "reason"));
    if (json_is_string(json_object_get(row, "detail")))
        field("", common_json_text(row, "detail"));
    field("sender", common_json_text(row, "sender"));
    field("sent", common_json_text(row, "sent"));
    field("source", common_json_text(row, "source"));
    field("received", common_json_text(row, "received"));
    print_signature(json_object_get(details, "signature"));
    print_numbers(row);
    print_notes(details, "findings", "rule");
    print_notes(details, "notes", "code");
    print_notes(details, "remarks", "code");
    putchar('\n');
}

static int print_why(const char *json)
{
    json_t *header = json_loads(json, 0, NULL);
    const json_t *rows = json_object_get(json_object_get(header, "result"), "rows");
    size_t count = json_array_size(rows);

    for (size_t i = 0; i < count; i++)
        print_row(json_array_get(rows, i));
    if (!count)
        fprintf(stderr, "caprelay why: the relay has never seen that\n");
    else if (json_is_true(json_object_get(header, "more")))
        printf("there is more: give --max, or more of the identifier\n");
    json_decref(header);
    return count ? EXIT_DONE : EXIT_NOT;
}

int verb_why(int argc, char **argv)
{
    static const struct option options[] = {
        COMMON_OPTIONS, {"max", required_argument, NULL, OPTION_MAX}, {0}};
    struct common common = {.verb = "why", .usage = why_usage};
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    unsigned long long max = 20;
    const char *json;
    int code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, max_option, &max, &code);

    if (first < 0)
        return code;
    if (first + 1 != argc)
        return common_usage(&common, "one TEXT is wanted");
    code = common_open(&common, CAPRELAY_START_NOW, 0, &relay);
    if (code != EXIT_DONE)
        return code;
    enum caprelay_code answer = caprelay_why(relay, argv[first], (unsigned)max, &json, &error);
    if (answer != CAPRELAY_OK)
        code = common_fail(&common, answer, &error);
    else if (common.json)
        puts(json);
    else
        code = print_why(json);
    caprelay_close(relay);
    return code;
}

static void print_copies(const char *json)
{
    json_t *header = json_loads(json, 0, NULL);
    const json_t *list = json_object_get(header, "copies");

    printf("%8s  %-27s  %-16s  %s\n", "arrival", "received", "source", "digest");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *copy = json_array_get(list, i);
        printf("%8lld  %-27s  ", (long long)json_integer_value(json_object_get(copy, "arrival")),
               common_json_text(copy, "received"));
        common_print_cstr(stdout, common_json_text(copy, "source"));
        printf("  %.16s\n", common_json_text(copy, "digest"));
    }
    json_decref(header);
}

int verb_copies(int argc, char **argv)
{
    static const struct option options[] = {COMMON_OPTIONS, {0}};
    struct common common = {.verb = "copies", .usage = copies_usage};
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    unsigned long long seq;
    const char *json;
    int code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, NULL, NULL, &code);

    if (first < 0)
        return code;
    if (first + 1 != argc || !common_number(argv[first], &seq) || !seq)
        return common_usage(&common, "one NUMBER is wanted");
    code = common_open(&common, CAPRELAY_START_NOW, 0, &relay);
    if (code != EXIT_DONE)
        return code;
    enum caprelay_code answer = caprelay_copies(relay, seq, &json, &error);
    if (answer != CAPRELAY_OK)
        code = common_fail(&common, answer, &error);
    else if (common.json)
        puts(json);
    else
        print_copies(json);
    caprelay_close(relay);
    return code;
}
