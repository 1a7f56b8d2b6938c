/* The stages that decide whether, where and when: sides, border, expiry. */
#include "intake/passage.h"

#include "alert/lifecycle.h"

/* --- sides --- */

static enum side side_of_origin(struct passage *passage)
{
    const struct intake_source *source = passage->delivery.source;
    if (source->country)
        return source->country;
    enum side side = profile_side(passage->alert);
    if (side)
        return side;
    const struct route_area *area = passage_area(passage);
    if (passage->house->geo && area->usable)
        side = geo_side_of(passage->house->geo, &area->shape);
    return side ? side : source->country_else;
}

static void add_leg(struct passage *passage, enum side side)
{
    passage->legs[passage->leg_count++] = (struct leg){.side = side};
}

bool stage_sides(struct passage *passage)
{
    passage->origin = side_of_origin(passage);
    const struct chain_side *led = passage->chain.sides;
    bool nothing_tells = !passage->origin && !led[SIDE_CA].went && !led[SIDE_US].went;
    if (nothing_tells)
        passage_remark(passage, "side-unknown",
                       "nothing tells which country it comes from: it "
                       "goes to both sides");
    for (enum side side = SIDE_CA; side <= SIDE_US; side++)
        if (nothing_tells || side_other(passage->origin) == side || led[side].went)
            add_leg(passage, side);
    return true;
}

/* --- border --- */

static void judge_leg(struct passage *passage, struct leg *leg)
{
    const struct chain_side *led = &passage->chain.sides[leg->side];
    struct border_question question = {
        .geo = passage->house->geo,
        .policy = passage->house->policy,
        .alert = passage->alert,
        .area = passage_area(passage),
        .source = passage->delivery.source->name,
        .class = passage->class,
        .to = leg->side,
        .led = led->went,
        .led_wholly = !passage->chain.unknown_count && !passage->chain.cut,
        .led_regions = led->regions,
        .led_region_count = led->region_count,
    };
    border_judge(&question, passage->arena, &leg->border);
    leg->crosses = leg->border.crosses;
}

bool stage_border(struct passage *passage)
{
    const struct leg *crosses = NULL;
    for (size_t i = 0; i < passage->leg_count; i++) {
        judge_leg(passage, &passage->legs[i]);
        if (passage->legs[i].crosses && !crosses)
            crosses = &passage->legs[i];
    }
    const struct border_answer *answer = crosses ? &crosses->border : &passage->legs[0].border;
    if (!crosses)
        return passage_stop(passage, VERDICT_IRRELEVANT, answer->reason, "%.*s",
                            SLICE_ARG(answer->detail));
    passage->reason = answer->reason;
    passage->detail = answer->detail;
    if (passage->area.given && passage->area.unresolved)
        passage_remark(passage, "area-unresolved",
                       "the area \"%.*s\", or a part of it, could not be placed on the map",
                       SLICE_ARG(passage->area.unresolved_desc));
    return true;
}

/* --- expiry --- */

bool stage_expiry(struct passage *passage)
{
    int64_t now_s = passage_now_s(passage), end_s = 0;
    char text[CLOCK_TEXT_MAX];
    if (!alert_latest_end(passage->alert, &end_s) || end_s >= now_s)
        return true;
    clock_format_s(end_s, text);
    bool synchronised = clock_synchronised(passage->house->clock);
    if (synchronised && alert_has_expired(passage->alert, now_s))
        return passage_stop(passage, VERDICT_EXPIRED, SLICE("expired"), "it ended at %s", text);
    passage_remark(passage, "late", "all of it had ended at %s when it arrived%s", text,
                   synchronised ? "" : ", if the clock, which is not synchronised, is right");
    return true;
}
