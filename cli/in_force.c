/* caprelay in-force: what is in force now, as a table. */
#include "cli/common.h"
#include "cli/show.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: caprelay in-force --relay CARD [OPTION]...\n" COMMON_USAGE COMMON_USAGE_AREA;

struct listing {
    struct show show;
    bool json;
    size_t count;
};

static bool list_one(void *context, const struct caprelay_bulletin *bulletin)
{
    struct listing *listing = context;

    if (listing->json)
        printf("%.*s\n", (int)bulletin->header_json_len, bulletin->header_json);
    else
        show_row(&listing->show, bulletin);
    listing->count++;
    return true;
}

static int list_all(const struct common *common, struct listing *listing)
{
    struct caprelay_error error = {0};
    struct caprelay *relay = NULL;
    enum caprelay_code code;
    int result = common_open(common, CAPRELAY_START_NOW, 0, &relay);

    if (result != EXIT_DONE)
        return result;
    if (!common->json)
        show_row_head(stdout);
    code = caprelay_in_force(relay, list_one, listing, &error);
    if (code != CAPRELAY_OK)
        result = common_fail(common, code, &error);
    else if (!common->json)
        printf("%zu in force\n", listing->count);
    caprelay_close(relay);
    return result;
}

int verb_in_force(int argc, char **argv)
{
    static const struct option options[] = {COMMON_OPTIONS, COMMON_OPTIONS_AREA, {0}};
    struct common common = {.verb = "in-force", .usage = usage};
    struct parser *parser = NULL;
    struct err err = {0};
    int code = EXIT_DONE;
    int first = common_read(&common, argc, argv, options, NULL, NULL, &code);

    if (first < 0)
        return code;
    if (first < argc)
        return common_usage(&common, "what is '%s'?", argv[first]);
    if (parser_create(&parser, &err) != OK) {
        fprintf(stderr, "caprelay in-force: %s\n", err.text);
        return EXIT_NOT;
    }
    struct listing listing = {.show = {.out = stdout, .parser = parser}, .json = common.json};
    code = list_all(&common, &listing);
    parser_destroy(parser);
    return code;
}
