/* caprelay inject: an authority's alert, and the signed yes or no. */
#include "cli/common.h"
#include "cli/verbs.h"

#include <stdlib.h>

static const char usage[] =
    "usage: caprelay inject --relay CARD --key FILE [OPTION]... ALERT.xml\n"
    "Sends until the relay's receipt has come, and prints it. '-' reads standard input.\n"
    "  --key FILE           the authority's key\n"
    "  --authority NAME     its name at the relay; else as the key list has it\n"
    "  --dry-run            everything but the journal and the feed\n" COMMON_USAGE
    "Exit: 0 accepted, or was there before; 1 refused; 2 usage; 4 no answer.\n";

enum { OPTION_KEY = OPTION_OWN, OPTION_AUTHORITY, OPTION_DRY_RUN, ALERT_BYTES_MAX = 8 << 20 };

static bool own_option(void *context, int option, const char *argument)
{
    struct caprelay_injection *injection = context;

    if (option == OPTION_KEY)
        injection->key_path = argument;
    else if (option == OPTION_AUTHORITY)
        injection->authority = argument;
    else
        injection->dry_run = true;
    return true;
}

static void print_list(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        printf("%s%s", i ? ", " : "", json_string_value(json_array_get(list, i)));
}

static void print_bulletins(const json_t *header)
{
    const json_t *list = json_object_get(header, "bulletins");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *bulletin = json_array_get(list, i);
        long long seq = (long long)json_integer_value(json_object_get(bulletin, "seq"));
        printf("  for %s: ", common_json_text(bulletin, "side"));
        if (seq)
            printf("no. %lld, ", seq);
        printf("regions ");
        print_list(json_object_get(bulletin, "regions"));
        printf("; shut: ");
        print_list(json_object_get(bulletin, "blocked"));
        printf("\n  as      ");
        common_print_cstr(stdout, common_json_text(bulletin, "derived_identifier"));
        putchar('\n');
    }
}

static void print_details(const json_t *header, const char *kind, const char *code_name)
{
    const json_t *list = json_object_get(json_object_get(header, "details"), kind);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *severity = json_string_value(json_object_get(item, "severity"));
        printf("  %s%s%.*s: ", severity ? severity : "", severity ? " " : "",
               severity ? (int)strlen(kind) : (int)strlen(kind) - 1, severity ? "" : kind);
        common_print_cstr(stdout, common_json_text(item, code_name));
        fputs(": ", stdout);
        common_print_cstr(stdout, common_json_text(item, "text"));
        putchar('\n');
    }
}

static void print_receipt(const struct caprelay_receipt *receipt, bool dry_run)
{
    json_t *header = json_loads(receipt->json, 0, NULL);

    printf("%s%s (%s", dry_run ? "dry run: " : "", receipt->outcome, receipt->verdict);
    if (*receipt->reason) {
        fputs(", ", stdout);
        common_print_cstr(stdout, receipt->reason);
    }
    printf(")\n");
    if (*receipt->text) {
        fputs("  ", stdout);
        common_print_cstr(stdout, receipt->text);
        putchar('\n');
    }
    print_bulletins(header);
    print_details(header, "findings", "rule");
    print_details(header, "notes", "code");
    print_details(header, "remarks", "code");
    printf("  receipt by %s at %s, signature good (key %s)\n", common_json_text(header, "relay"),
           common_json_text(header, "time"), common_json_text(header, "key"));
    json_decref(header);
}

static int inject(const struct common *common, const struct caprelay_injection *injection)
{
    const struct caprelay_receipt *receipt;
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    enum caprelay_code answer;
    int code = common_open(common, CAPRELAY_START_NOW, 0, &relay);

    if (code != EXIT_DONE)
        return code;
    answer = caprelay_inject(relay, injection, &receipt, &error);
    if (answer != CAPRELAY_OK) {
        code = common_fail(common, answer, &error);
    } else {
        if (common->json)
            puts(receipt->json);
        else
            print_receipt(receipt, injection->dry_run);
        code = strcmp(receipt->outcome, "refused") == 0 ? EXIT_NOT : EXIT_DONE;
    }
    caprelay_close(relay);
    return code;
}

int verb_inject(int argc, char **argv)
{
    static const struct option options[] = {
        COMMON_OPTIONS,
        {"key", required_argument, NULL, OPTION_KEY},
        {"authority", required_argument, NULL, OPTION_AUTHORITY},
        {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
        {0}};
    struct common common = {.verb = "inject", .usage = usage};
    struct caprelay_injection injection = {.size = sizeof injection};
    char *bytes = NULL;
    int code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, own_option, &injection, &code);

    if (first < 0)
        return code;
    if (first + 1 != argc || !injection.key_path)
        return common_usage(&common, "one ALERT.xml and --key are wanted");
    if (!common_load(argv[first], ALERT_BYTES_MAX, &bytes, &injection.cap_len))
        return EXIT_USAGE;
    injection.cap = bytes;
    code = inject(&common, &injection);
    free(bytes);
    return code;
}
