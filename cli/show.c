#include "cli/show.h"

#include "cli/common.h"

#include <stdlib.h>
#include <time.h>

static const char rule[] = "────────────────────────────────────────────────────────────────────";

struct page {
    const struct show *show;
    const struct caprelay_bulletin *bulletin;
    const struct alert *derived;
    const json_t *header;
    bool exercise;
    int64_t now_s;
};

static const char *severity_colour(enum cap_severity severity)
{
    switch (severity) {
    case SEVERITY_EXTREME:
        return "\033[1;97;41m";
    case SEVERITY_SEVERE:
        return "\033[1;31m";
    case SEVERITY_MODERATE:
        return "\033[1;33m";
    default:
        return "\033[1m";
    }
}

static void colour(const struct page *page, const char *code)
{
    if (page->show->colour)
        fputs(code, page->show->out);
}

static void plain(const struct page *page)
{
    colour(page, "\033[0m");
}

static void begin(const struct page *page)
{
    if (!page->exercise)
        return;
    colour(page, "\033[1;30;46m");
    fputs("EXERCISE", page->show->out);
    plain(page);
    fputs(" ", page->show->out);
}

static void label(const struct page *page, const char *name)
{
    begin(page);
    colour(page, "\033[2m");
    fprintf(page->show->out, "  %-10s", name);
    plain(page);
}

static void line(const struct page *page, const char *name, struct slice text)
{
    if (!text.len)
        return;
    label(page, name);
    common_print(page->show->out, text);
    fputc('\n', page->show->out);
}

static void banner(const struct page *page)
{
    FILE *out = page->show->out;

    if (page->exercise) {
        colour(page, "\033[1;30;46m");
        fputs("EXERCISE - EXERCICE - EXERCISE - EXERCICE    not a real event", out);
        plain(page);
        fputc('\n', out);
    } else {
        fprintf(out, "%s\n", rule);
    }
}

static void title(const struct page *page, const struct cap_info *info)
{
    FILE *out = page->show->out;

    begin(page);
    if (info) {
        colour(page, severity_colour(info->severity));
        fprintf(out, "%s", cap_severity_name(info->severity));
        plain(page);
        fputs("  ", out);
    }
    colour(page, "\033[1m");
    fprintf(out, "%s  ", cap_msg_type_name(page->derived->msg_type));
    common_print(out, info ? info->event : SLICE("(no details)"));
    plain(page);
    fprintf(out, "   no. %llu, for %s:", (unsigned long long)page->bulletin->seq,
            page->bulletin->side);
    for (size_t i = 0; i < page->bulletin->region_count; i++) {
        fputc(' ', out);
        common_print_cstr(out, strcmp(page->bulletin->regions[i], "--") == 0
                                   ? "everywhere"
                                   : page->bulletin->regions[i]);
    }
    if (page->bulletin->caught_up)
        fputs("  (caught up)", out);
    fputc('\n', out);
}

static void headlines(const struct page *page)
{
    FILE *out = page->show->out;

    for (size_t i = 0; i < page->derived->info_count; i++) {
        const struct cap_info *info = &page->derived->infos[i];
        struct slice text = info->headline.len ? info->headline : info->event;
        label(page, "");
        colour(page, "\033[1m");
        common_print(out, text);
        plain(page);
        fputs(" [", out);
        common_print(out, info->language.len ? info->language : SLICE("en-US"));
        fputs("]\n", out);
    }
}

static void when(const struct page *page, const char *name, const struct cap_time *time)
{
    char text[160], span[40];

    if (!time->set)
        return;
    label(page, name);
    fprintf(page->show->out, "%s, %s\n", common_time(time->utc_s, text, sizeof text),
            common_span(page->now_s, time->utc_s, span, sizeof span));
}

static void areas(const struct page *page, const struct cap_info *info)
{
    enum { AREAS_SHOWN = 6 };

    for (size_t i = 0; i < info->area_count && i < AREAS_SHOWN; i++)
        line(page, i ? "" : "area", info->areas[i].area_desc);
    if (info->area_count > AREAS_SHOWN) {
        label(page, "");
        fprintf(page->show->out, "and %zu more\n", info->area_count - AREAS_SHOWN);
    }
}

static void source(const struct page *page, const struct cap_info *info)
{
    FILE *out = page->show->out;

    label(page, "said by");
    if (info && info->sender_name.len) {
        common_print(out, info->sender_name);
        fputs(", ", out);
    }
    common_print_cstr(out, page->bulletin->sender);
    fputs(" (", out);
    common_print_cstr(out, page->bulletin->identifier);
    fputs(")\n", out);
}

static void what_we_did(const struct page *page)
{
    const struct caprelay_bulletin *bulletin = page->bulletin;
    const json_t *derived = json_object_get(page->header, "derived");
    FILE *out = page->show->out;

    label(page, "derived");
    common_print_cstr(out, bulletin->derived_identifier);
    fputs(" for ", out);
    common_print_cstr(out, common_json_text(derived, "target"));
    fprintf(out, ", %zu note%s on the translation\n", bulletin->note_count,
            bulletin->note_count == 1 ? "" : "s");
    label(page, "verified");
    fprintf(out,
            "relay's signature good (key %s); the original's own signature: ", bulletin->key_id);
    common_print_cstr(out, bulletin->signature_verdict);
    const json_t *signature = json_object_get(json_object_get(page->header, "origin"), "signature");
    if (json_is_string(json_object_get(signature, "signer"))) {
        fputs(" by ", out);
        common_print_cstr(out, common_json_text(signature, "signer"));
    }
    if (!bulletin->original)
        fputs("; THE ORIGINAL COULD NOT BE FETCHED", out);
    fputc('\n', out);
}

static void remarks(const struct page *page)
{
    const json_t *list = json_object_get(page->header, "remarks");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *remark = json_array_get(list, i);
        label(page, "remark");
        common_print_cstr(page->show->out, common_json_text(remark, "code"));
        fputs(": ", page->show->out);
        common_print_cstr(page->show->out, common_json_text(remark, "text"));
        fputc('\n', page->show->out);
    }
}

static void details(const struct page *page, const struct cap_info *info)
{
    label(page, "");
    fprintf(page->show->out, "severity %s, urgency %s, certainty %s\n",
            cap_severity_name(info->severity), cap_urgency_name(info->urgency),
            cap_certainty_name(info->certainty));
    areas(page, info);
    when(page, "onset", &info->onset);
    when(page, "expires", &info->expires);
    for (size_t i = 0; i < page->derived->info_count; i++)
        line(page, i ? "" : "do", page->derived->infos[i].instruction);
}

/* The client library has read it already, so it can be read. */
static const struct alert *derived_of(const struct show *show, struct arena *arena,
                                      const struct caprelay_bulletin *bulletin)
{
    return parser_read(show->parser, arena, slice_of(bulletin->derived, bulletin->derived_len))
        .alerts[0];
}

void show_bulletin(const struct show *show, const struct caprelay_bulletin *bulletin, int64_t now_s)
{
    struct arena *arena = arena_create();
    json_t *header = json_loadb(bulletin->header_json, bulletin->header_json_len, 0, NULL);
    struct page page = {.show = show,
                        .bulletin = bulletin,
                        .derived = derived_of(show, arena, bulletin),
                        .header = header,
                        .exercise = strcmp(bulletin->class_name, "actual") != 0,
                        .now_s = now_s};
    const struct cap_info *info = page.derived->info_count ? &page.derived->infos[0] : NULL;

    banner(&page);
    title(&page, info);
    headlines(&page);
    source(&page, info);
    when(&page, "sent", &page.derived->sent);
    if (info)
        details(&page, info);
    remarks(&page);
    what_we_did(&page);
    banner(&page);
    fputc('\n', show->out);
    fflush(show->out);
    json_decref(header);
    arena_destroy(arena);
}

void show_row_head(FILE *out)
{
    fprintf(out, "%8s  %-4s %-12s %-9s %-8s %-22s %s\n", "no.", "for", "regions", "severity",
            "type", "until (UTC)", "event, headline");
}

static void put_padded(FILE *out, int width, const char *text)
{
    fprintf(out, "%-*.*s ", width, width, text);
}

static void put_regions(FILE *out, const struct caprelay_bulletin *bulletin)
{
    char text[13] = "";
    size_t len = 0;

    for (size_t i = 0; i < bulletin->region_count; i++) {
        if (len + strlen(bulletin->regions[i]) + 5 > sizeof text) {
            memcpy(text + len, " +", 3);
            break;
        }
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "",
                                bulletin->regions[i]);
    }
    put_padded(out, 12, text);
}

void show_row(const struct show *show, const struct caprelay_bulletin *bulletin)
{
    struct arena *arena = arena_create();
    const struct alert *derived = derived_of(show, arena, bulletin);
    const struct cap_info *info = derived->info_count ? &derived->infos[0] : NULL;
    int64_t until_s = bulletin->in_force_until_us / 1000000;
    time_t instant = (time_t)until_s;
    struct tm utc;
    char until[32] = "-";

    if (until_s && gmtime_r(&instant, &utc))
        strftime(until, sizeof until, "%Y-%m-%d %H:%M", &utc);
    fprintf(show->out, "%8llu  ", (unsigned long long)bulletin->seq);
    put_padded(show->out, 4, bulletin->side);
    put_regions(show->out, bulletin);
    put_padded(show->out, 9, info ? cap_severity_name(info->severity) : "-");
    put_padded(show->out, 8, cap_msg_type_name(derived->msg_type));
    put_padded(show->out, 22, until);
    if (strcmp(bulletin->class_name, "actual") != 0)
        fputs("EXERCISE: ", show->out);
    if (info) {
        common_print(show->out, info->event);
        fputs(": ", show->out);
        common_print(show->out, info->headline);
    }
    fputc('\n', show->out);
    arena_destroy(arena);
}
