#include "cli/common.h"

#include "alert/alert.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

int common_usage(const struct common *common, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "caprelay %s: ", common->verb);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n%s", common->usage);
    return EXIT_USAGE;
}

bool common_number(const char *text, unsigned long long *out)
{
    return slice_to_u64(slice_from_cstr(text), out);
}

static bool take_region(struct common *common, const char *argument)
{
    if (common->region_count == COMMON_REGIONS_MAX)
        return false;
    common->regions[common->region_count++] = argument;
    return true;
}

static bool take_timeout(struct common *common, const char *argument)
{
    double seconds;

    if (!slice_to_double(slice_from_cstr(argument), &seconds) || seconds <= 0 || seconds > 3600)
        return false;
    common->timeout_ms = (int)(seconds * 1000);
    common->timeout_given = true;
    return true;
}

static bool take(struct common *common, int option, const char *argument)
{
    switch (option) {
    case OPTION_RELAY:
        common->card = argument;
        return true;
    case OPTION_CLASS:
        common->class_name = argument;
        return alert_class_from_name(slice_from_cstr(argument)) != CLASS_NONE;
    case OPTION_SIDE:
        common->side = argument;
        return side_from_name(slice_from_cstr(argument)) != SIDE_NONE;
    case OPTION_REGION:
        return take_region(common, argument);
    case OPTION_CURVE:
        common->curve_key = argument;
        return true;
    case OPTION_TIMEOUT:
        return take_timeout(common, argument);
    case OPTION_JSON:
        common->json = true;
        return true;
    default:
        return false;
    }
}

int common_read(struct common *common, int argc, char **argv, const struct option *options,
                common_option_fn own, void *context, int *exit_code)
{
    int option;

    common->card = getenv("CAPRELAY_RELAY");
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool good = true;
        if (option == OPTION_HELP) {
            fputs(common->usage, stdout);
            *exit_code = EXIT_DONE;
            return -1;
        }
        if (option == '?')
            *exit_code = common_usage(common, "unknown option or missing value: %s",
                                      argv[optind > 0 ? optind - 1 : 0]);
        else if (option >= OPTION_OWN)
            good = own(context, option, optarg);
        else
            good = take(common, option, optarg);
        if (!good)
            *exit_code = common_usage(common, "wrong value: %s", optarg ? optarg : "");
        if (option == '?' || !good)
            return -1;
    }
    if (common->region_count && !common->side)
        common->side = common_side_of_region(common->regions[0]);
    return optind;
}

const char *common_side_of_region(const char *region)
{
    static const char ca[] = "AB BC MB NB NL NS NT NU ON PE QC SK YT";

    return strlen(region) == 2 && strstr(ca, region) ? "ca" : "us";
}

int common_fail(const struct common *common, enum caprelay_code code,
                const struct caprelay_error *error)
{
    fprintf(stderr, "caprelay %s: ", common->verb);
    common_print_cstr(stderr, error->text);
    fputc('\n', stderr);
    return code == CAPRELAY_TIMEOUT ? EXIT_NO_ANSWER : EXIT_NOT;
}

int common_open(const struct common *common, enum caprelay_start start, uint64_t after,
                struct caprelay **out)
{
    struct caprelay_error error = {0};
    struct caprelay_options options = {
        .size = sizeof options,
        .card_path = common->card,
        .class_name = common->class_name,
        .side = common->side,
        .regions = common->regions,
        .region_count = common->region_count,
        .start = start,
        .after = after,
        .curve_key_path = common->curve_key,
        .answer_timeout_ms = common->timeout_ms,
    };
    enum caprelay_code code;

    if (!common->card)
        return common_usage(common, "which relay? give --relay CARD");
    code = caprelay_open(&options, out, &error);
    if (code == CAPRELAY_OK)
        return EXIT_DONE;
    common_fail(common, code, &error);
    return code == CAPRELAY_INVALID ? EXIT_USAGE : EXIT_NOT;
}

/* C0 but for the tab, DEL, and C1, which UTF-8 writes as C2 80..9F. */
static size_t control_bytes(const unsigned char *text, size_t len)
{
    if (text[0] < 0x20 || text[0] == 0x7f)
        return 1;
    return len > 1 && text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f ? 2 : 0;
}

void common_print(FILE *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t skip = control_bytes((const unsigned char *)text.ptr + i, text.len - i);
        fputc(skip ? ' ' : text.ptr[i], out);
        i += skip ? skip : 1;
    }
}

void common_print_cstr(FILE *out, const char *text)
{
    common_print(out, slice_from_cstr(text));
}

const char *common_time(int64_t utc_s, char *out, size_t size)
{
    time_t instant = (time_t)utc_s;
    struct tm local, utc;
    char here[64], there[64];

    if (!localtime_r(&instant, &local) || !gmtime_r(&instant, &utc) ||
        !strftime(here, sizeof here, "%a %d %b %H:%M %Z", &local) ||
        !strftime(there, sizeof there, "%Y-%m-%d %H:%M UTC", &utc))
        snprintf(out, size, "?");
    else
        snprintf(out, size, "%s (%s)", here, there);
    return out;
}

const char *common_duration(int64_t span_s, char *out, size_t size)
{
    const char *unit = span_s < 120 ? "s" : span_s < 7200 ? "min" : span_s < 172800 ? "h" : "d";
    int64_t value = span_s < 120      ? span_s
                    : span_s < 7200   ? span_s / 60
                    : span_s < 172800 ? span_s / 3600
                                      : span_s / 86400;

    snprintf(out, size, "%lld %s", (long long)value, unit);
    return out;
}

const char *common_span(int64_t from_s, int64_t to_s, char *out, size_t size)
{
    char text[COMMON_SPAN_MAX];

    common_duration(to_s > from_s ? to_s - from_s : from_s - to_s, text, sizeof text);
    snprintf(out, size, to_s > from_s ? "in %s" : "%s ago", text);
    return out;
}

const char *common_json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "-";
}

bool common_load(const char *path, size_t max_bytes, char **bytes, size_t *len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    bool good;

    *bytes = NULL;
    *len = 0;
    if (!file) {
        fprintf(stderr, "caprelay: %s: %s\n", path, strerror(errno));
        return false;
    }
    *bytes = mem_alloc(max_bytes + 1);
    *len = fread(*bytes, 1, max_bytes + 1, file);
    good = !ferror(file) && *len <= max_bytes;
    if (!good)
        fprintf(stderr, "caprelay: %s: %s\n", path, ferror(file) ? "cannot be read" : "too large");
    if (file != stdin)
        fclose(file);
    if (!good) {
        free(*bytes);
        *bytes = NULL;
    }
    return good;
}
