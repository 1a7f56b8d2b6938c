/* caprelay watch: alerts as they come, verified, and a dead link that cannot be overlooked. */
#include "cli/common.h"
#include "cli/hook.h"
#include "cli/show.h"
#include "cli/verbs.h"

#include "base/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: caprelay watch --relay CARD [OPTION]...\n"
    "Shows what is in force, then every alert as it comes.\n" COMMON_USAGE COMMON_USAGE_AREA
    "  --since N            everything with a number above N instead of what is in force\n"
    "  --now                only what comes from now on\n"
    "  --exec CMD           run CMD by the shell for each: the derived CAP on its standard input,\n"
    "                       CAPRELAY_SEQ, _CLASS, _SIDE, _REGIONS, _SENDER, _IDENTIFIER and\n"
    "                       _DERIVED in its environment; at most 60 s\n"
    "  --count N            end after N alerts\n"
    "  --for SECONDS        end after that time\n"
    "Exit: 0; 1 something was refused or a command failed; 2 usage; 3 the link was lost at the "
    "end.\n";

enum { OPTION_SINCE = OPTION_OWN, OPTION_NOW, OPTION_EXEC, OPTION_COUNT, OPTION_FOR };

struct watch {
    struct common common;
    enum caprelay_start start;
    unsigned long long after, count;
    const char *command;
    double seconds;
    struct show show;
    bool lost, refused, seen_beat;
    bool heard; /* anything that the relay signed */
    unsigned long long shown, failed;
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static bool own_option(void *context, int option, const char *argument)
{
    struct watch *watch = context;

    switch (option) {
    case OPTION_SINCE:
        watch->start = CAPRELAY_START_AFTER;
        return common_number(argument, &watch->after);
    case OPTION_NOW:
        watch->start = CAPRELAY_START_NOW;
        return true;
    case OPTION_EXEC:
        watch->command = argument;
        return true;
    case OPTION_COUNT:
        return common_number(argument, &watch->count) && watch->count > 0;
    case OPTION_FOR:
        return slice_to_double(slice_from_cstr(argument), &watch->seconds) && watch->seconds > 0;
    default:
        return false;
    }
}

static json_t *bulletin_to_json(const struct caprelay_bulletin *bulletin)
{
    json_t *header = json_loadb(bulletin->header_json, bulletin->header_json_len, 0, NULL);
    json_t *regions = json_array();

    for (size_t i = 0; i < bulletin->region_count; i++)
        json_array_append_new(regions, json_string(bulletin->regions[i]));
    return json_pack("{s:s, s:I, s:b, s:b, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:s#}", "event",
                     "bulletin", "seq", (json_int_t)bulletin->seq, "verified", 1, "caught_up",
                     bulletin->caught_up, "class", bulletin->class_name, "side", bulletin->side,
                     "regions", regions, "sender", bulletin->sender, "identifier",
                     bulletin->identifier, "sent", bulletin->sent, "derived_identifier",
                     bulletin->derived_identifier, "header", header, "derived", bulletin->derived,
                     bulletin->derived_len);
}

static json_t *event_to_json(const struct caprelay_event *event)
{
    if (event->bulletin)
        return bulletin_to_json(event->bulletin);
    if (event->beat)
        return json_pack("{s:s, s:I, s:I, s:b, s:I}", "event", "beat", "head",
                         (json_int_t)event->beat->head_seq, "in_force",
                         (json_int_t)event->beat->in_force_count, "degraded", event->beat->degraded,
                         "time_us", (json_int_t)event->beat->time_us);
    return json_pack("{s:s, s:s, s:I, s:I}", "event", caprelay_event_name(event->type), "reason",
                     event->reason, "from", (json_int_t)event->from_seq, "to",
                     (json_int_t)event->to_seq);
}

static void print_json(const struct caprelay_event *event)
{
    json_t *object = event_to_json(event);

    if (!object || json_dumpf(object, stdout, JSON_COMPACT) != 0)
        fprintf(stderr, "caprelay watch: cannot write an event\n");
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}

static void loud(const struct watch *watch, const char *word, const char *text)
{
    bool colour = isatty(STDERR_FILENO) && !watch->common.json;

    fprintf(stderr, "%s%s%s  ", colour ? "\033[1;97;41m" : "", word, colour ? "\033[0m\a" : "");
    common_print_cstr(stderr, text);
    fputc('\n', stderr);
}

static void quiet(const struct watch *watch, const char *text)
{
    if (watch->common.json)
        return;
    common_print_cstr(stderr, text);
    fputc('\n', stderr);
}

static void first_beat(struct watch *watch, const struct caprelay_beat *beat)
{
    char text[200];

    if (watch->seen_beat)
        return;
    watch->seen_beat = true;
    snprintf(text, sizeof text, "-- link is up: %llu in force, last number %llu",
             (unsigned long long)beat->in_force_count, (unsigned long long)beat->head_seq);
    quiet(watch, text);
}

static void tell(struct watch *watch, const struct caprelay_event *event)
{
    switch (event->type) {
    case CAPRELAY_LINK_LOST:
        loud(watch, "LINK LOST", event->reason);
        break;
    case CAPRELAY_LINK_BACK:
        loud(watch, "LINK BACK", event->reason);
        break;
    case CAPRELAY_REFUSED_MESSAGE:
        loud(watch, "REFUSED", event->reason);
        break;
    case CAPRELAY_DEGRADED:
        loud(watch, "RELAY DEGRADED", event->reason);
        break;
    case CAPRELAY_GAP:
        loud(watch, "GAP", event->reason);
        break;
    case CAPRELAY_HEALTHY:
    case CAPRELAY_FILLED:
        quiet(watch,
              event->type == CAPRELAY_HEALTHY ? "-- the relay works again" : "-- up to date");
        break;
    case CAPRELAY_BEAT:
        first_beat(watch, event->beat);
        break;
    case CAPRELAY_BULLETIN:
        break;
    }
}

static void take_event(struct watch *watch, const struct caprelay_event *event)
{
    if (event->type == CAPRELAY_LINK_LOST || event->type == CAPRELAY_LINK_BACK)
        watch->lost = event->type == CAPRELAY_LINK_LOST;
    if (event->type == CAPRELAY_REFUSED_MESSAGE)
        watch->refused = true;
    if (event->type == CAPRELAY_BULLETIN || event->type == CAPRELAY_BEAT ||
        event->type == CAPRELAY_FILLED)
        watch->heard = true;
    if (watch->common.json)
        print_json(event);
    tell(watch, event);
    if (event->type != CAPRELAY_BULLETIN)
        return;
    if (!watch->common.json)
        show_bulletin(&watch->show, event->bulletin, clock_now_us(&clock_system) / 1000000);
    if (watch->command && !hook_run(watch->command, event->bulletin))
        watch->failed++;
    watch->shown++;
}

static bool is_over(const struct watch *watch, int64_t deadline_us)
{
    return stop_asked || (watch->count && watch->shown >= watch->count) ||
           (watch->seconds > 0 && clock_now_us(&clock_system) >= deadline_us);
}

static int follow(struct watch *watch, struct caprelay *relay)
{
    enum { TURN_MS = 200 }; /* so that a signal or --for is noticed */
    int64_t deadline_us = clock_now_us(&clock_system) + (int64_t)(watch->seconds * 1e6);
    struct caprelay_error error = {0};

    while (!is_over(watch, deadline_us)) {
        const struct caprelay_event *event;
        enum caprelay_code code = caprelay_next(relay, TURN_MS, &event, &error);
        if (code == CAPRELAY_OK)
            take_event(watch, event);
        else if (code != CAPRELAY_TIMEOUT)
            return common_fail(&watch->common, code, &error);
        if (ferror(stdout)) {
            fprintf(stderr, "caprelay watch: nobody reads the output any more\n");
            return EXIT_NOT;
        }
    }
    if (watch->lost || !watch->heard)
        return EXIT_LINK_LOST;
    return watch->refused || watch->failed ? EXIT_NOT : EXIT_DONE;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int verb_watch(int argc, char **argv)
{
    static const struct option options[] = {COMMON_OPTIONS,
                                            COMMON_OPTIONS_AREA,
                                            {"since", required_argument, NULL, OPTION_SINCE},
                                            {"now", no_argument, NULL, OPTION_NOW},
                                            {"exec", required_argument, NULL, OPTION_EXEC},
                                            {"count", required_argument, NULL, OPTION_COUNT},
                                            {"for", required_argument, NULL, OPTION_FOR},
                                            {0}};
    struct watch watch = {.common = {.verb = "watch", .usage = usage},
                          .start = CAPRELAY_START_IN_FORCE,
                          .show = {.out = stdout}};
    struct caprelay *relay = NULL;
    struct parser *parser = NULL;
    struct err err = {0};
    int code = EXIT_DONE;
    int first = common_read(&watch.common, argc, argv, options, own_option, &watch, &code);

    if (first < 0)
        return code;
    if (first < argc)
        return common_usage(&watch.common, "what is '%s'?", argv[first]);
    if (parser_create(&parser, &err) != OK) {
        fprintf(stderr, "caprelay watch: %s\n", err.text);
        return EXIT_NOT;
    }
    watch.show.parser = parser;
    watch.show.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    catch_signals();
    code = common_open(&watch.common, watch.start, watch.after, &relay);
    if (code == EXIT_DONE)
        code = follow(&watch, relay);
    caprelay_close(relay);
    parser_destroy(parser);
    return code;
}
