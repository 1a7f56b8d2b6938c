/* caprelay get: one bulletin by its number. */
#include "cli/common.h"
#include "cli/show.h"
#include "cli/verbs.h"

#include "base/clock.h"

#include <unistd.h>

static const char usage[] = "usage: caprelay get --relay CARD [OPTION]... NUMBER\n" COMMON_USAGE
                            "  --derived            only the derived message, as it is\n"
                            "  --original           only the original bytes, as they came\n"
                            "  --json prints the signed header.\n";

enum { OPTION_DERIVED = OPTION_OWN, OPTION_ORIGINAL };

static bool part_option(void *context, int option, const char *argument)
{
    (void)argument;
    *(int *)context = option;
    return true;
}

static int print_bulletin(const struct common *common, const struct caprelay_bulletin *bulletin,
                          int part)
{
    struct parser *parser = NULL;
    struct err err = {0};

    if (part == OPTION_DERIVED) {
        fwrite(bulletin->derived, 1, bulletin->derived_len, stdout);
    } else if (part == OPTION_ORIGINAL) {
        fwrite(bulletin->original, 1, bulletin->original_len, stdout);
    } else if (common->json) {
        printf("%.*s\n", (int)bulletin->header_json_len, bulletin->header_json);
    } else if (parser_create(&parser, &err) == OK) {
        struct show show = {.out = stdout, .colour = isatty(STDOUT_FILENO), .parser = parser};
        show_bulletin(&show, bulletin, clock_now_us(&clock_system) / 1000000);
    } else {
        fprintf(stderr, "caprelay get: %s\n", err.text);
        return EXIT_NOT;
    }
    parser_destroy(parser);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_NOT;
}

int verb_get(int argc, char **argv)
{
    static const struct option options[] = {COMMON_OPTIONS,
                                            {"derived", no_argument, NULL, OPTION_DERIVED},
                                            {"original", no_argument, NULL, OPTION_ORIGINAL},
                                            {0}};
    struct common common = {.verb = "get", .usage = usage};
    const struct caprelay_bulletin *bulletin;
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    unsigned long long seq;
    int part = 0, code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, part_option, &part, &code);

    if (first < 0)
        return code;
    if (first + 1 != argc || !common_number(argv[first], &seq) || !seq)
        return common_usage(&common, "one NUMBER is wanted");
    code = common_open(&common, CAPRELAY_START_NOW, 0, &relay);
    if (code != EXIT_DONE)
        return code;
    enum caprelay_code answer = caprelay_get(relay, seq, &bulletin, &error);
    code = answer == CAPRELAY_OK ? print_bulletin(&common, bulletin, part)
                                 : common_fail(&common, answer, &error);
    caprelay_close(relay);
    return code;
}
