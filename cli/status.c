/* caprelay status: the one screen of the operator on call. */
#include "cli/columns.h"
#include "cli/common.h"
#include "cli/verbs.h"
#include "seal/json.h"

static const char usage[] = "usage: caprelay status --relay CARD [OPTION]...\n"
                            "Exit 1 where the relay says that it is degraded.\n" COMMON_USAGE;

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void cell(int width, const char *text)
{
    char safe[64];
    size_t len = 0;

    for (; text[len] && len < sizeof safe - 1; len++)
        safe[len] = (unsigned char)text[len] < 0x20 || text[len] == 0x7f ? ' ' : text[len];
    safe[len] = '\0';
    printf("%-*s  ", width, safe);
}

/* A time as seen from the relay's own clock, by which the answer is dated. */
static void cell_ago(struct columns *columns, const json_t *object, const char *name,
                     int64_t now_us)
{
    char text[COMMON_SPAN_MAX];
    int64_t instant_us;

    if (time_us_from_text(slice_from_cstr(common_json_text(object, name)), &instant_us))
        columns_cell(columns,
                     common_span(now_us / 1000000, instant_us / 1000000, text, sizeof text));
    else
        columns_cell(columns, "-");
}

static void cell_lag(struct columns *columns, const json_t *source)
{
    const json_t *lag = json_object_get(source, "lag_ms");
    long long ms = (long long)json_integer_value(lag);
    char text[COMMON_SPAN_MAX];

    if (!json_is_integer(lag))
        snprintf(text, sizeof text, "-");
    else if (ms < 60000)
        snprintf(text, sizeof text, "%.1f s", (double)ms / 1000);
    else
        common_duration(ms / 1000, text, sizeof text);
    columns_cell(columns, text);
}

static void print_sources(const json_t *result, int64_t now_us)
{
    static const char *const titles[] = {"source", "adapter",      "class", "state",
                                         "since",  "last message", "lag",   "reason"};
    const json_t *list = json_object_get(result, "sources");
    struct columns *columns = columns_create(titles, sizeof titles / sizeof *titles);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *source = json_array_get(list, i);
        columns_cell(columns, common_json_text(source, "name"));
        columns_cell(columns, common_json_text(source, "adapter"));
        columns_cell(columns, common_json_text(source, "class"));
        columns_cell(columns, common_json_text(source, "state"));
        cell_ago(columns, source, "since", now_us);
        cell_ago(columns, source, "last_message", now_us);
        cell_lag(columns, source);
        columns_cell(columns, common_json_text(source, "reason"));
    }
    putchar('\n');
    columns_finish(columns, stdout);
}

/* Absent where the relay has none. */
static void print_outlets(const json_t *result, int64_t now_us)
{
    static const char *const titles[] = {"outlet", "kind",  "class",          "state",
                                         "behind", "since", "last delivered", "reason"};
    const json_t *list = json_object_get(result, "outlets");

    if (!json_array_size(list))
        return;
    struct columns *columns = columns_create(titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *outlet = json_array_get(list, i);
        char behind[24];
        snprintf(behind, sizeof behind, "%lld", number(outlet, "behind"));
        columns_cell(columns, common_json_text(outlet, "name"));
        columns_cell(columns, common_json_text(outlet, "kind"));
        columns_cell(columns, common_json_text(outlet, "class"));
        columns_cell(columns, common_json_text(outlet, "state"));
        columns_cell(columns, behind);
        cell_ago(columns, outlet, "since", now_us);
        cell_ago(columns, outlet, "last_delivered", now_us);
        columns_cell(columns, common_json_text(outlet, "reason"));
    }
    putchar('\n');
    columns_finish(columns, stdout);
}

/* Whose key must be renewed in the relay's configuration. */
static void print_pins(const json_t *result)
{
    const json_t *list = json_object_get(result, "sources");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *source = json_array_get(list, i);
        const json_t *signature = json_object_get(source, "signature");
        if (!json_is_string(json_object_get(signature, "pin")))
            continue;
        printf("            ");
        common_print_cstr(stdout, common_json_text(source, "name"));
        printf(": the pin ");
        common_print_cstr(stdout, common_json_text(signature, "pin"));
        printf(" ends or ended at %.19s\n", common_json_text(signature, "pin_ends"));
    }
}

static void print_object(const char *title, json_t *object)
{
    const char *name;
    json_t *value;

    printf("\n%s\n", title);
    if (!json_object_size(object))
        printf("  none\n");
    json_object_foreach(object, name, value)
    {
        printf("  ");
        cell(24, name);
        printf("%lld\n", (long long)json_integer_value(value));
    }
}

static void print_keys(const json_t *result)
{
    const json_t *list = json_object_get(result, "keys");

    printf("\nkeys (list issued %s)\n", common_json_text(result, "keys_issued"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *key = json_array_get(list, i);
        printf("  %s  %-9s until %s\n", common_json_text(key, "id"),
               common_json_text(key, "purpose"), common_json_text(key, "not_after"));
    }
}

static void print_journal(const json_t *result)
{
    const json_t *journal = json_object_get(result, "journal");
    const json_t *in_force = json_object_get(result, "in_force");
    const json_t *heads = json_object_get(result, "heads");
    const json_t *clock = json_object_get(result, "clock");

    printf("journal     %s, %lld arrivals, %lld queued, %.1f GiB free",
           common_json_text(journal, "state"), number(journal, "arrivals"),
           number(journal, "queued"),
           (double)number(journal, "free_bytes") / (1024.0 * 1024 * 1024));
    if (json_is_string(json_object_get(journal, "text"))) {
        printf(": ");
        common_print_cstr(stdout, common_json_text(journal, "text"));
    }
    printf("\nclock       %s\n", json_is_true(json_object_get(clock, "synchronised"))
                                     ? "synchronised"
                                     : "NOT SYNCHRONISED: nothing is called expired");
    printf("in force    actual %lld, exercise %lld\n", number(in_force, "actual"),
           number(in_force, "exercise"));
    printf("published   actual %lld, exercise %lld\n",
           number(json_object_get(heads, "actual"), "seq"),
           number(json_object_get(heads, "exercise"), "seq"));
}

static bool print_status(const char *json)
{
    json_t *header = json_loads(json, 0, NULL);
    json_t *result = json_object_get(header, "result");
    const json_t *reasons = json_object_get(result, "reasons");
    bool good = strcmp(common_json_text(result, "state"), "ok") == 0;
    char title[80];
    int64_t now_us = 0;

    time_us_from_text(slice_from_cstr(common_json_text(header, "time")), &now_us);
    printf("relay       ");
    common_print_cstr(stdout, common_json_text(header, "relay"));
    printf(", version %s, since %.19s\n", common_json_text(result, "version"),
           common_json_text(result, "started"));
    printf("state       %s\n", good ? "ok" : "DEGRADED");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        printf("            ");
        common_print_cstr(stdout, json_string_value(json_array_get(reasons, i)));
        putchar('\n');
    }
    print_pins(result);
    print_journal(result);
    print_sources(result, now_us);
    print_outlets(result, now_us);
    print_keys(result);
    print_object("subscriptions by topic", json_object_get(result, "subscribers"));
    snprintf(title, sizeof title, "messages of class %s since the start",
             common_json_text(header, "class"));
    print_object(title, json_object_get(result, "counts"));
    json_decref(header);
    return good;
}

int verb_status(int argc, char **argv)
{
    static const struct option options[] = {COMMON_OPTIONS, {0}};
    struct common common = {.verb = "status", .usage = usage};
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    const char *json;
    int code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, NULL, NULL, &code);

    if (first < 0)
        return code;
    if (first < argc)
        return common_usage(&common, "what is '%s'?", argv[first]);
    code = common_open(&common, CAPRELAY_START_NOW, 0, &relay);
    if (code != EXIT_DONE)
        return code;
    enum caprelay_code answer = caprelay_status(relay, &json, &error);
    if (answer != CAPRELAY_OK)
        code = common_fail(&common, answer, &error);
    else if (common.json)
        puts(json);
    else
        code = print_status(json) ? EXIT_DONE : EXIT_NOT;
    caprelay_close(relay);
    return code;
}
