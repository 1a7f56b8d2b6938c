#include "translate/translate.h"

#include "alert/parse.h"
#include "alert/write.h"
#include "translate/internal.h"

const char *target_name(enum target target)
{
    return target == TARGET_US_EXCHANGE ? "us-exchange" : "ca-exchange";
}

enum target target_of_side(enum side side)
{
    return side == SIDE_US ? TARGET_US_EXCHANGE : TARGET_CA_EXCHANGE;
}

enum side target_side(enum target target)
{
    return target == TARGET_US_EXCHANGE ? SIDE_US : SIDE_CA;
}

/*
 * One translation, step by step. Each step takes what those before it have put into the derived
 * message; generated infos come last, because they repeat in words what the codes say.
 */
static const struct {
    const char *name;
    enum err_code (*run)(struct work *work, struct err *err);
} steps[] = {
    {"check", step_check},               /* what can be translated at all */
    {"choose infos", step_choose_infos}, /* its own, or those of what it cancels */
    {"message", step_message},           /* identity, source, codes, note */
    {"references", step_references},     /* by derived identity */
    {"infos", step_infos},               /* copied; what is mandatory is there */
    {"languages", step_languages},       /* tags */
    {"events", step_events},             /* codes by table */
    {"areas", step_areas},               /* shapes, and codes by geometry */
    {"times", step_times},               /* the same instants */
    {"parameters", step_parameters},     /* nothing that broadcasts */
    {"resources", step_resources},       /* links, no embedded content */
    {"generate", step_generate}, /* French for Canada, English for the US, where there is none */
};

static enum err_code run_steps(struct work *work, struct err *err)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        enum err_code code = steps[i].run(work, err);
        if (code != OK)
            return err_wrap(err, "%s", steps[i].name);
    }
    return OK;
}

static enum err_code write_xml(struct arena *arena, const struct alert *derived, struct slice *xml,
                               struct err *err)
{
    enum { FIRST_BYTES = 16 * 1024 };
    struct buf out;
    buf_init(&out, PARSE_BYTES_MAX);
    buf_reserve(&out, FIRST_BYTES);
    alert_write(derived, &out);
    if (buf_failed(&out)) {
        buf_fini(&out);
        return err_set(err, ERR_LIMIT, "the derived message is larger than %d bytes",
                       PARSE_BYTES_MAX);
    }
    char *bytes = buf_take(&out, &xml->len);
    arena_adopt(arena, bytes);
    xml->ptr = bytes;
    return OK;
}

static enum err_code translate_once(const struct translate_options *options,
                                    const struct translate_input *input, struct arena *arena,
                                    bool without_generated, struct translation *out,
                                    struct err *err)
{
    *out = (struct translation){.derived = arena_alloc(arena, sizeof(*out->derived))};
    if (options->trace)
        *options->trace = (struct trace){0};
    struct work work = {.options = options,
                        .input = input,
                        .source = input->alert,
                        .arena = arena,
                        .notes = &out->notes,
                        .trace = options->trace,
                        .derived = out->derived,
                        .without_generated = without_generated};
    enum err_code code = run_steps(&work, err);
    if (code != OK)
        return code;
    out->identifier = out->derived->identifier;
    return write_xml(arena, out->derived, &out->xml, err);
}

enum err_code translate(const struct translate_options *options,
                        const struct translate_input *input, struct arena *arena,
                        struct translation *out, struct err *err)
{
    enum err_code code = translate_once(options, input, arena, false, out, err);
    if (code == ERR_LIMIT)
        code = translate_once(options, input, arena, true, out, err);
    return code;
}
