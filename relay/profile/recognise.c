#include "profile/profile.h"

#include "alert/identity.h"
#include "profile/rules.h"

static const char *const names[PROFILE_COUNT] = {"cap", "cap-cp", "ipaws", "nws", "eccc"};

const char *profile_name(enum profile profile)
{
    return names[profile];
}

bool profile_from_name(const char *name, enum profile *out)
{
    for (unsigned i = 0; i < PROFILE_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum profile)i;
            return true;
        }
    }
    return false;
}

bool profile_includes(enum profile profile, enum profile part)
{
    return part == profile || part == PROFILE_CAP ||
           (profile == PROFILE_NWS && part == PROFILE_IPAWS) ||
           (profile == PROFILE_ECCC && part == PROFILE_CAP_CP);
}

/* What a name or value that begins so tells, in the order of trust within one kind. */
struct sign {
    const char *prefix;
    enum profile profile;
};

static const struct sign code_signs[] = {
    {"profile:CAP-CP:", PROFILE_CAP_CP},
    {"IPAWSv", PROFILE_IPAWS},
};

/* Canadian names come first: ECCC sends SAME event codes too. */
static const struct sign event_code_signs[] = {
    {"profile:CAP-CP:Event:", PROFILE_CAP_CP},
    {"SAME", PROFILE_IPAWS},
    {"NationalWeatherService", PROFILE_IPAWS},
};

static const struct sign geocode_signs[] = {
    {"profile:CAP-CP:Location:", PROFILE_CAP_CP},
    {"layer:EC-MSC-SMC:", PROFILE_CAP_CP},
    {"SAME", PROFILE_IPAWS},
    {"UGC", PROFILE_IPAWS},
    {"FIPS6", PROFILE_IPAWS},
};

static const struct sign parameter_signs[] = {
    {"profile:CAP-CP:", PROFILE_CAP_CP},   {"layer:SOREM:", PROFILE_CAP_CP},
    {"layer:EC-MSC-SMC:", PROFILE_CAP_CP}, {"EAS-ORG", PROFILE_IPAWS},
    {"WEAHandling", PROFILE_IPAWS},        {"CMAMtext", PROFILE_IPAWS},
    {"BLOCKCHANNEL", PROFILE_IPAWS},       {"AWIPSidentifier", PROFILE_IPAWS},
    {"WMOidentifier", PROFILE_IPAWS},      {"VTEC", PROFILE_IPAWS},
};

static bool codes_show(const struct alert *alert, const struct sign *sign)
{
    for (size_t i = 0; i < alert->codes.count; i++) {
        if (slice_istarts_with(alert->codes.items[i], sign->prefix))
            return true;
    }
    return false;
}

static bool pairs_show(const struct cap_pairs *pairs, const struct sign *sign)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (slice_istarts_with(pairs->items[i].name, sign->prefix))
            return true;
    }
    return false;
}

static bool event_codes_show(const struct alert *alert, const struct sign *sign)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        if (pairs_show(&alert->infos[i].event_codes, sign))
            return true;
    }
    return false;
}

static bool parameters_show(const struct alert *alert, const struct sign *sign)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        if (pairs_show(&alert->infos[i].parameters, sign))
            return true;
    }
    return false;
}

static bool geocodes_show(const struct alert *alert, const struct sign *sign)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        for (size_t k = 0; k < info->area_count; k++) {
            if (pairs_show(&info->areas[k].geocodes, sign))
                return true;
        }
    }
    return false;
}

static const struct {
    bool (*show)(const struct alert *alert, const struct sign *sign);
    const struct sign *signs;
    size_t count;
} kinds[] = {
    {codes_show, code_signs, COUNT(code_signs)},
    {event_codes_show, event_code_signs, COUNT(event_code_signs)},
    {geocodes_show, geocode_signs, COUNT(geocode_signs)},
    {parameters_show, parameter_signs, COUNT(parameter_signs)},
};

/* A sender is an address or, with some centres, the URL of their site: then its host counts. */
static struct slice sender_domain(const struct alert *alert)
{
    struct slice sender = alert->sender, host;
    ptrdiff_t scheme = slice_find(sender, "://");
    if (scheme < 0)
        return sender;
    sender = slice_sub(sender, (size_t)scheme + 3, sender.len);
    return slice_next_part(&sender, '/', &host) ? host : sender;
}

static bool sender_ends(const struct alert *alert, const char *suffix)
{
    size_t len = strlen(suffix);
    struct slice domain = sender_domain(alert);
    return domain.len > len &&
           slice_ieq_cstr(slice_sub(domain, domain.len - len, domain.len), suffix);
}

static bool is_federal_canadian(const struct alert *alert)
{
    return sender_ends(alert, ".gc.ca") || sender_ends(alert, "@canada.ca") ||
           slice_istarts_with(alert->sender, "NAADS-");
}

enum profile profile_recognise(const struct alert *alert)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t k = 0; k < kinds[i].count; k++) {
            if (kinds[i].show(alert, &kinds[i].signs[k]))
                return kinds[i].signs[k].profile;
        }
    }
    if (is_federal_canadian(alert))
        return PROFILE_CAP_CP;
    return sender_ends(alert, "noaa.gov") ? PROFILE_IPAWS : PROFILE_CAP;
}

/* By sender, and where a copy has another sender by what only this producer writes. Not everybody
 * at noaa.gov writes what the warning service writes. */
enum profile profile_of_author(const struct alert *alert)
{
    static const struct sign nws = {"NationalWeatherService", PROFILE_NWS};
    enum profile profile = profile_recognise(alert);
    if (profile == PROFILE_IPAWS && (slice_ieq_cstr(alert->sender, "w-nws.webmaster@noaa.gov") ||
                                     event_codes_show(alert, &nws)))
        return PROFILE_NWS;
    static const struct sign eccc = {"layer:EC-MSC-SMC:", PROFILE_ECCC};
    if (profile == PROFILE_CAP_CP && (sender_ends(alert, "@canada.ca") ||
                                      sender_ends(alert, "ec.gc.ca") || codes_show(alert, &eccc)))
        return PROFILE_ECCC;
    return profile;
}

/* Country arcs of WMO alerting authorities, and top-level domains that only one of the two
 * countries has. */
static enum side side_of_names(const struct alert *alert)
{
    static const struct {
        const char *suffix;
        enum side side;
    } domains[] = {{".ca", SIDE_CA}, {".gov", SIDE_US}, {".mil", SIDE_US}, {".us", SIDE_US}};
    for (size_t i = 0; i < COUNT(domains); i++) {
        if (sender_ends(alert, domains[i].suffix))
            return domains[i].side;
    }
    if (slice_find(alert->identifier, "2.49.0.1.124.") >= 0)
        return SIDE_CA;
    return slice_find(alert->identifier, "2.49.0.1.840.") >= 0 ? SIDE_US : SIDE_NONE;
}

enum side profile_side(const struct alert *alert)
{
    switch (profile_recognise(alert)) {
    case PROFILE_CAP_CP:
    case PROFILE_ECCC:
        return SIDE_CA;
    case PROFILE_IPAWS:
    case PROFILE_NWS:
        return SIDE_US;
    case PROFILE_CAP:
        break;
    }
    return side_of_names(alert);
}

bool profile_is_loop(const struct alert *alert, struct slice own_sender)
{
    static const struct sign mark = {"caprelay:derived:", PROFILE_CAP};
    return codes_show(alert, &mark) || identity_is_derived(alert->identifier) ||
           (own_sender.len > 0 && slice_ieq(alert->sender, own_sender));
}
