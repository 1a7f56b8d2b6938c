/* Each rule has a message that keeps it and one that breaks it; rows and predicates are the same
 * rules. */
#include "../alert/fixture.h"
#include "base.h"

#include "profile/rules.h"
#include "schemas.h"

#include <stdio.h>
#include <stdlib.h>

/* One text of the base is replaced. `near` replaces it so that the rule is nearly broken. */
struct rule_case {
    const char *id;
    const char *base;
    const char *from, *to;
    const char *near;
};

#define P(name, value) PAIR("parameter", name, value)
#define BLOCK_EAS "<value>PUBLIC</value></parameter>" P("BLOCKCHANNEL", "EAS")
#define BLOCK_BOTH BLOCK_EAS P("BLOCKCHANNEL", "NWEM")
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define SAME(code) PAIR("geocode", "SAME", code)
#define FIVE_SAME SAME("023001") SAME("023003") SAME("023005") SAME("023007") SAME("023009")
#define THIRTY_SAME FIVE_SAME FIVE_SAME FIVE_SAME FIVE_SAME FIVE_SAME FIVE_SAME
#define MINOR "<value>text</value>"
#define STATUS_1_0 "1.0:Alert_Location_Status</valueName><value>"
#define STATUS_1_1 "1.1:Alert_Location_Status</valueName><value>"

/* Convex rings of that many points; built in main(). */
static char points_101[8192], points_201[8192], points_21[2048];

static const struct rule_case cases[] = {
    {"cap.addresses.missing", canadian, "<scope>Public</scope>", "<scope>Private</scope>",
     "<scope>Private</scope><addresses>a</addresses>"},
    {"cap.area.place", ipaws, POLYGON SAME("023029"), "", SAME("023029")},
    {"cap.areadesc.missing", canadian, "<areaDesc>NB EMO</areaDesc>", "<areaDesc/>", NULL},
    {"cap.ceiling.alone", canadian, "<altitude>0</altitude>", "<altitude/>", NULL},
    {"cap.expires.before-effective", canadian, "<effective>2026-01-01", "<effective>2026-01-03",
     "<effective>2026-01-02"},
    {"cap.expires.before-sent", ipaws, "<expires>2026-01-01T06:00:00-05:00",
     "<expires>2026-01-01T05:00:00-00:00", "<expires>2026-01-01T05:06:00-00:00"},
    {"cap.headline.length", canadian, "<headline>h", "<headline>é" HUNDRED TEN TEN TEN TEN TEN TEN,
     "<headline>ééééé" HUNDRED TEN TEN TEN TEN TEN "01234"},
    {"cap.identifier.characters", canadian, "<identifier>i", "<identifier>i,x",
     "<identifier>nrcan:eew:1@a@b"},
    {"cap.info.missing", NULL, "<msgType>Alert", "<msgType>Alert", "<msgType>Ack"},
    {"cap.language.form", canadian, "<language>en-CA", "<language>en_CA", "<language>iu-Cans-CA"},
    {"cap.note.error", canadian, "<msgType>Update", "<msgType>Error", NULL},
    {"cap.note.exercise", canadian, "<status>Actual", "<status>Exercise", "<status>Test"},
    {"cap.polygon.open", canadian, "46,-66 45,-67<", "46,-66 45,-68<", NULL},
    {"cap.polygon.points", canadian, "45,-66 46,-66 45,-67<", "45,-66 45,-67<", NULL},
    {"cap.references.later", canadian, ",h,2025-12-31T00:00:00", ",h,2026-01-01T00:00:01",
     ",h,2026-01-01T00:00:00"},
    {"cap.references.missing", eccc,
     "cap-pac@canada.ca,h,2025-12-31T00:00:00-00:00\n"
     "  cap-pac@canada.ca,g,2025-12-30T00:00:00-00:00\n",
     " \n", NULL},
    {"cap.references.self", canadian, ",h,2025-12-31T00:00:00-04", ",i,2026-01-01T04:00:00-00",
     ",i,2025-12-31T00:00:00-04"},
    {"cap.resource.digest", canadian, "AAF4C61D", "BAF4C61D", NULL},
    {"cap.resource.digest", canadian, "AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D", "none",
     "70db2df97b3e88c66c50ef9df98dc51de491cc7d"},
    {"cap.resource.empty", ipaws, "<uri>http://agency.gov/a.mp3</uri>", "<uri/>", NULL},
    {"cap.responsetype.assess", canadian, "<responseType>Shelter", "<responseType>Assess",
     "<responseType>Monitor"},
    {"cap.restriction.missing", canadian, "<scope>Public</scope>", "<scope>Restricted</scope>",
     "<scope>Restricted</scope><restriction>r</restriction>"},
    {"cap.sender.characters", canadian, "<sender>emo@gnb.ca", "<sender>emo gnb",
     "<sender>SDAOAK@PublicAlerting@Corporation"},

    {"capcp.1.version", canadian, "cap:1.2", "cap:1.1", NULL},
    {"capcp.2.one-event", canadian, "<value>wind</value>", "<value>tornado</value>",
     "<value>WIND</value>"},
    {"capcp.3.code", canadian, "profile:CAP-CP:0.4<", "profile:other:0.4<", "Profile:cap-cp:1.0<"},
    {"capcp.4.zone", canadian, "<effective>2026-01-01T00:00:00-04:00",
     "<effective>2026-01-01T00:00:00", "<effective>2026-01-01T00:00:00-00:00"},
    {"capcp.5.cancel", NULL, "<msgType>Alert", "<msgType>Cancel", "<msgType>Ack"},
    {"capcp.5.info", NULL, "<msgType>Alert", "<msgType>Alert", "<msgType>Cancel"},
    {"capcp.6.language", canadian, "<language>en-CA</language>", "<language/>", NULL},
    {"capcp.6.same", canadian, "<urgency>Expected", "<urgency>Immediate", NULL},
    {"capcp.7.event", canadian, "<event>Wind", "<event>It blows, so go in", "<event>wind"},
    {"capcp.8.event", canadian, "profile:CAP-CP:Event:0.4", "other", "PROFILE:CAP-CP:Event:1.0"},
    {"capcp.8.event-form", canadian, "<value>wind</value>", "<value>a b</value>",
     "<value>geophyiscal</value>"},
    {"capcp.8.event-list", canadian, "<value>wind</value>", "<value>windy</value>",
     "<value>geophyiscal</value>"},
    {"capcp.8.event-once", canadian, "<eventCode><valueName>profile:CAP-CP:Event:0.4",
     PAIR("eventCode", "profile:CAP-CP:Event:0.4",
          "wind") "<eventCode><valueName>profile:CAP-CP:Event:0.4",
     PAIR("eventCode", "SAME", "HWW") "<eventCode><valueName>profile:CAP-CP:Event:0.4"},
    {"capcp.9.location", canadian, "profile:CAP-CP:Location:0.3", "other", NULL},
    {"capcp.9.location-form", canadian, "1307045", "130704", "none"},
    {"capcp.9.same", canadian, "profile:CAP-CP:Location:0.3", "SAME", "layer:EC-MSC-SMC:1.0:CLC"},
    {"capcp.10.area", eccc,
     "<area><areaDesc>a</areaDesc>" POLYGON PAIR("geocode", "profile:CAP-CP:Location:0.3",
                                                 "1307045")
         PAIR("geocode", "layer:EC-MSC-SMC:1.0:CLC", "014300") "</area>",
     "", NULL},
    {"capcp.11.sender", canadian, "<sender>emo@gnb.ca",
     "<sender>473E9B47-D474-B3F1-9765-1AF0000CAFE0", "<sender>RCMPNS"},
    {"capcp.12.references", canadian, "emo@gnb.ca,h,2025-12-31T00:00:00-04:00", "", NULL},
    {"capcp.13.expires", canadian, "<expires>2026-01-02T00:00:00-04:00</expires>", "<expires/>",
     NULL},
    {"capcp.14.sendername", canadian, "<senderName>NB EMO</senderName>", "<senderName/>", NULL},
    {"capcp.15.instruction", canadian, "<instruction>go in</instruction>", "<instruction/>", NULL},
    {"capcp.15.responsetype", canadian, "<responseType>Shelter</responseType>", "",
     "<responseType>None</responseType>"},
    {"capcp.16.everywhere", canadian, "0.4:MinorChange", "0.4:Other", "1.0:MinorChange"},
    {"capcp.16.minorchange", canadian, "<msgType>Update", "<msgType>Alert", NULL},
    {"capcp.16.note", canadian, MINOR, "<value>other</value>", "<value>layer</value>"},
    {"capcp.16.value", canadian, MINOR, "<value>small</value>", "<value>None</value>"},
    {"capcp.17.autotranslated", canadian, P("local:name", "NB EMO"),
     P("profile:CAP-CP:0.4:AutoTranslated", "no"), NULL},
    {"capcp.17.value", canadian, "<value>no</value>", "<value>machine</value>",
     "<value>Yes</value>"},
    {"capcp.18.shape", canadian, POLYGON, "", "<circle>45,-67 10</circle>"},

    {"eccc.alert-type", eccc, "<value>warning</value>", "<value>alarm</value>",
     "<value>advisory</value>"},
    {"eccc.clc-form", eccc, "014300", "14300", "008620"},
    {"eccc.ending", eccc, "<msgType>Update", "<msgType>Cancel", NULL},
    {"eccc.event-end", eccc, "2026-01-01T00:00:00.000Z", "tomorrow", "2026-01-01T00:00:00-00:00"},
    {"eccc.identifier", eccc, "urn:oid:2.49.0.1.124.", "urn:oid:2.49.0.1.840.", "2.49.0.1.124."},
    {"eccc.location-status", eccc, "<urgency>Past", "<urgency>Future", NULL},
    {"eccc.location-status.twice", eccc, STATUS_1_1 "ended", STATUS_1_1 "active",
     STATUS_1_1 "Ended"},
    {"eccc.location-status.value", eccc, STATUS_1_0 "ended", STATUS_1_0 "over", NULL},
    {"eccc.same", eccc, "HWW", "HWX", "SVR"},

    {"ipaws.area", ipaws, "<area><areaDesc>a</areaDesc>" POLYGON SAME("023029") "</area>", "",
     NULL},
    {"ipaws.area.geocode", ipaws, SAME("023029"), "", NULL},
    {"ipaws.block", ipaws, "<value>PUBLIC</value>", "<value>ALL</value>", "<value>CAPEXCH</value>"},
    {"ipaws.code", ipaws, "IPAWSv1.0", "other", "IPAWSv2.0"},
    {"ipaws.desc", ipaws, "<description>d</description>", "<description/>", NULL},
    {"ipaws.easorg", ipaws, "<value>CIV</value>", "<value>ME</value>", "<value>PEP</value>"},
    {"ipaws.expires", ipaws, "<expires>2026-01-01T06:00:00-05:00</expires>", "<expires/>", NULL},
    {"ipaws.expires.eas", ipaws, "<expires>2026-01-01T06:00:00", "<expires>2026-01-05T03:30:01",
     "<expires>2026-01-05T03:30:00"},
    {"ipaws.expires.soon", ipaws, "<expires>2026-01-01T06:00:00", "<expires>2026-01-01T00:04:59",
     "<expires>2026-01-01T00:05:00"},
    {"ipaws.expires.wea", ipaws, "<expires>2026-01-01T06:00:00", "<expires>2026-01-02T00:00:01",
     "<expires>2026-01-02T00:00:00"},
    {"ipaws.geo31", ipaws, SAME("023029"), THIRTY_SAME SAME("023029") SAME("023011"),
     THIRTY_SAME SAME("023029")},
    {"ipaws.geosame", ipaws, "023029", "23029", "000000"},
    {"ipaws.geosame.canadian", ipaws, "<sender>x@agency.gov", "<sender>x@agency.ca",
     "<sender>ca@agency.gov"},
    {"ipaws.identifier", ipaws, "<identifier>i", "<identifier>i(1)", "<identifier>urn:oid:1.2-_x"},
    {"ipaws.ignored", ipaws, "<expires>", "<onset>2026-01-01T00:00:00-05:00</onset><expires>",
     "<expires>"},
    {"ipaws.info", NULL, "<msgType>Alert", "<msgType>Alert", "<msgType>Cancel"},
    {"ipaws.poly", ipaws, POLYGON, points_201, points_101},
    {"ipaws.poly.nwem", ipaws, POLYGON, points_21, NULL},
    {"ipaws.poly.nwem", ipaws, POLYGON, "<circle>45,-67 9</circle>", NULL},
    {"ipaws.poly.shape", ipaws, POLYGON, "<polygon>45,-67 46,-66 45,-66 46,-67 45,-67</polygon>",
     "<polygon>45,-67 45,-66 45.5,-66.5 46,-66 46,-67 45,-67</polygon>"},
    {"ipaws.poly.shape", ipaws, POLYGON, "<polygon>45,-67 45,-66 45,-66 46,-66 45,-67</polygon>",
     NULL},
    {"ipaws.poly.shape", ipaws, POLYGON, "<polygon>45,-67 45,-66 45,-65 45,-67</polygon>", NULL},
    {"ipaws.poly.wea", ipaws, POLYGON, points_101, points_21},
    {"ipaws.poly.wea", ipaws, POLYGON,
     POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON,
     POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON POLYGON},
    {"ipaws.references", ipaws, "x@agency.gov,h,2025-12-31T00:00:00-05:00", "", NULL},
    {"ipaws.resource", ipaws, "audio/x-ipaws-audio-mp3", "audio/mpeg", "audio/x-ipaws-audio-wav"},
    {"ipaws.samecode", ipaws, "<eventCode><valueName>SAME", "<eventCode><valueName>other", NULL},
    {"ipaws.samecode.list", ipaws, "FRW", "BWW", "NWS"},
    {"ipaws.samevalues", ipaws, "</info>",
     "</info><info><language>es-US</language><category>Met</category>"
     "<event>e</event><urgency>Expected</urgency><severity>Severe</severity>"
     "<certainty>Likely</certainty></info>",
     "</info><info><language>es-US</language>" US_CODES PAIR("eventCode", "SAME", "FRW") "</info>"},
    {"ipaws.sender", ipaws, "<sender>x@agency.gov", "<sender>x|y@agency.gov",
     "<sender>http://agency.gov/a"},
    {"ipaws.sendername", ipaws, "123456,COG,Agency", "Agency", "1,Agency,State of Maine"},
    {"ipaws.sent.offset", ipaws, "<sent>2026-01-01T00:00:00-05:00",
     "<sent>2026-01-01T05:00:00-00:00", "<sent>2026-01-01T01:00:00-04:00"},
    {"ipaws.sign", ipaws, "<identifier>", "<identifier>", NULL},
    {"ipaws.source", ipaws, "<source>agency", "<source>agency " TEN TEN TEN,
     "<source>" TEN TEN TEN},
    {"ipaws.status", ipaws, "<status>Actual", "<status>Test", NULL},
    {"ipaws.text", ipaws, "<description>d",
     "<description>" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
         HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "d",
     "<description>" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
         HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED},
    {"ipaws.uri", ipaws, "<web>http:", "<web>ftp:", "<web>https:"},
    {"ipaws.uri", ipaws, "<uri>http://agency.gov/a.mp3", "<uri>a.mp3", NULL},
    {"ipaws.wea.handling", ipaws, "Imminent Threat", "Amber", "Public Safety"},
    {"ipaws.wea.language", ipaws, "<language>en-US", "<language>fr-CA", "<language>es-US"},
    {"ipaws.wea.level", ipaws, "<severity>Severe", "<severity>Moderate", "<severity>Extreme"},
    {"ipaws.wea.response", ipaws, "<responseType>Shelter", "<responseType>AllClear",
     "<responseType>Monitor"},
    {"ipaws.wea.text", ipaws, "Fire near you", "Fire [near] you", "Fire near you (now)"},
    {"ipaws.wea.text", ipaws, "Fire near you", TEN TEN TEN TEN TEN TEN TEN TEN TEN "x",
     TEN TEN TEN TEN TEN TEN TEN TEN "éééééééééé"},

    {"nws.block", nws, "BLOCKCHANNEL", "other", NULL},
    {"nws.event-end", nws, "2026-01-02T00:00:00-05:00", "later", "2026-01-02T05:00:00.000Z"},
    {"nws.eventcodes", nws, "NationalWeatherService", "other", NULL},
    {"nws.identifier", nws, "urn:oid:2.49.0.1.840.0.", "urn:uuid:", "NWS-IDP-PROD-"},
    {"nws.ugc", nws, "MEZ029", "ME29", "MEZALL"},
    {"nws.vtec", nws, "/O.CON.", "/O.CONT.", "/O.EXT."},
    {"nws.vtec.action", nws, "<msgType>Update", "<msgType>Alert", NULL},
    {"nws.vtec.test", nws, "/O.CON.", "/T.CON.", "/X.CON."},
};

/* Changes that a rule needs beside its own: what the base does not show. */
static const char bare[] =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>i</identifier>"
    "<sender>x@agency.gov</sender><sent>2026-01-01T00:00:00-05:00</sent><status>Actual</status>"
    "<msgType>Alert</msgType><scope>Public</scope></alert>";

static struct slice replaced(struct arena *arena, const char *text, const char *from,
                             const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("'%s' is not in the base", from);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static const char *cell(const char *id, const char *column)
{
    const struct schema_table *table = schema_table_find("profile_rules");
    size_t row = schema_row_find(table, id, strlen(id));
    if (row == table->row_count)
        fail_msg("%s has no row", id);
    return schema_cell(table, row, schema_column(table, column));
}

/* As the profile of that rule has it: what reading found is put aside. */
static struct alert *check(struct fixture *fixture, const char *text, const char *id)
{
    struct alert *alert = fixture_one(fixture, text);
    enum profile profile;
    assert_true(profile_of_rule(id, &profile));
    alert->findings = (struct findings){0};
    if (strcmp(cell(id, "received"), "yes") == 0)
        profile_check(alert, fixture->arena, profile);
    else
        profile_check_target(alert, fixture->arena, PROFILE_US_POST);
    return alert;
}

static const struct finding *finding_of(const struct alert *alert, const char *id)
{
    for (size_t i = 0; i < alert->findings.count; i++)
        if (strcmp(alert->findings.items[i].rule, id) == 0)
            return &alert->findings.items[i];
    return NULL;
}

static const char *base_of(const struct rule_case *one)
{
    return one->base ? one->base : bare;
}

/* The unsigned base breaks this one as it is. */
static const char *kept_text(struct fixture *fixture, const struct rule_case *one)
{
    const char *text =
        one->near ? replaced(fixture->arena, base_of(one), one->from, one->near).ptr : base_of(one);
    if (strcmp(one->id, "ipaws.sign") == 0)
        text = replaced(fixture->arena, text, "</alert>",
                        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></alert>")
                   .ptr;
    return text;
}

/* Beside the change that a case names. */
static const char *broken_text(struct fixture *fixture, const struct rule_case *one)
{
    const char *text = replaced(fixture->arena, base_of(one), one->from, one->to).ptr;
    if (strcmp(one->id, "nws.vtec.action") == 0)
        text = replaced(fixture->arena, text, "/O.CON.", "/O.CAN.").ptr;
    return text;
}

static void test_each_rule_is_kept_and_broken(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct rule_case *one = &cases[i];
        struct alert *kept = check(fixture, kept_text(fixture, one), one->id);
        struct alert *broken = check(fixture, broken_text(fixture, one), one->id);
        const struct finding *finding = finding_of(broken, one->id);
        if (finding_of(kept, one->id))
            fail_msg("case %zu: %s is found where it is kept", i, one->id);
        if (!finding)
            fail_msg("case %zu: %s is not found where it is broken", i, one->id);
        assert_string_equal(finding_severity_name(finding->severity), cell(one->id, "severity"));
        assert_true(slice_starts_with(finding->where, "alert"));
        assert_true(slice_find(finding->text, cell(one->id, "text")) >= 0);
        assert_true(finding->line > 0);
    }
}

static void test_each_rule_has_a_case(void **state)
{
    (void)state;
    const struct schema_table *table = schema_table_find("profile_rules");
    for (size_t row = 0; row < table->row_count; row++) {
        size_t count = 0;
        for (size_t i = 0; i < COUNT(cases); i++)
            count += strcmp(cases[i].id, schema_cell(table, row, 0)) == 0;
        if (count == 0)
            fail_msg("%s has no case", schema_cell(table, row, 0));
    }
}

static size_t predicates_of(const char *id, enum profile *profile, enum rule_level *level)
{
    size_t count = 0;
    for (size_t i = 0; i < RULE_SETS; i++) {
        for (size_t k = 0; k < rule_sets[i]->count; k++) {
            if (strcmp(rule_sets[i]->rules[k].id, id) != 0)
                continue;
            *profile = rule_sets[i]->profile;
            *level = rule_sets[i]->rules[k].level;
            count++;
        }
    }
    return count;
}

static bool is_application(const char *text)
{
    return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0 || strcmp(text, "note") == 0;
}

static void test_rows_and_predicates_match(void **state)
{
    (void)state;
    static const char *const above[] = {"alert", "alert/info", "alert/info/area",
                                        "alert/info/resource"};
    static const char *const columns[] = {"received", "us-exchange", "ca-exchange", "us-post"};
    const struct schema_table *table = schema_table_find("profile_rules");
    size_t predicates = 0;
    for (size_t i = 0; i < RULE_SETS; i++)
        predicates += rule_sets[i]->count;
    assert_int_equal(predicates, table->row_count);
    for (size_t row = 0; row < table->row_count; row++) {
        const char *id = schema_cell(table, row, 0);
        enum profile profile = PROFILE_CAP;
        enum rule_level level = ON_ALERT;
        if (predicates_of(id, &profile, &level) != 1)
            fail_msg("%s needs one predicate", id);
        assert_string_equal(cell(id, "profile"), profile_name(profile));
        const char *place = cell(id, "place") + strlen(above[level]);
        assert_int_equal(strncmp(cell(id, "place"), above[level], strlen(above[level])), 0);
        assert_true(*place == '\0' || *place == '/');
        const char *severity = cell(id, "severity");
        assert_true(strcmp(severity, "note") == 0 || strcmp(severity, "warning") == 0);
        size_t applies = 0;
        for (size_t i = 0; i < COUNT(columns); i++) {
            assert_true(is_application(cell(id, columns[i])));
            applies += strcmp(cell(id, columns[i]), "no") != 0;
        }
        assert_string_not_equal(cell(id, "received"), "note");
        assert_true(applies > 0);
        assert_true(*cell(id, "text") != '\0' && *cell(id, "source") != '\0');
        if (*cell(id, "channel"))
            assert_string_equal(cell(id, "us-exchange"), "no");
    }
}

/* Both numberings of CAP-CP are there: 18 rules of 0.4A (1 with what reading finds), 8 of 1.0. */
static void test_capcp_is_complete(void **state)
{
    (void)state;
    const struct schema_table *table = schema_table_find("profile_rules");
    bool of_04a[19] = {false}, of_10[9] = {false};
    for (size_t row = 0; row < table->row_count; row++) {
        const char *id = schema_cell(table, row, 0);
        int number = atoi(cell(id, "number_04a")), later = atoi(cell(id, "number_10"));
        if (number)
            of_04a[number] = true;
        if (later)
            of_10[later] = true;
        assert_int_equal(number != 0, strcmp(cell(id, "profile"), "cap-cp") == 0);
    }
    for (int i = 1; i <= 18; i++)
        assert_true(of_04a[i]);
    for (int i = 1; i <= 8; i++)
        assert_true(of_10[i]);
}

static void test_the_bases_keep_every_rule(void **state)
{
    static const struct {
        const char *text;
        enum profile author;
    } bases[] = {{canadian, PROFILE_CAP_CP},
                 {eccc, PROFILE_ECCC},
                 {ipaws, PROFILE_IPAWS},
                 {nws, PROFILE_NWS}};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(bases); i++) {
        struct alert *alert = fixture_one(fixture, bases[i].text);
        assert_int_equal(profile_of_author(alert), bases[i].author);
        assert_int_equal(alert->findings.count, 0);
        profile_check(alert, fixture->arena, bases[i].author);
        if (alert->findings.count)
            fail_msg("%s", alert->findings.items[0].rule);
    }
}

/* Broadcast rules concern who asks for the channel and does not block it. */
static void test_channels(void **state)
{
    static const struct {
        const char *id, *from, *to;
        bool found;
    } blocked[] = {
        {"ipaws.desc", "<value>PUBLIC</value></parameter>", BLOCK_EAS, true},
        {"ipaws.desc", "<value>PUBLIC</value></parameter>", BLOCK_BOTH, false},
        {"ipaws.poly.nwem", "<value>PUBLIC</value>", "<value>NWEM</value>", false},
        {"ipaws.wea.level", "<value>PUBLIC</value>", "<value>CMAS</value>", false},
        {"ipaws.wea.level", "<value>PUBLIC</value>", "<value>EAS</value>", true},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT(blocked); i++) {
        const char *text = replaced(fixture->arena, ipaws, "<description>d</description>", "").ptr;
        text = replaced(fixture->arena, text, POLYGON, points_21).ptr;
        text = replaced(fixture->arena, text, "<urgency>Expected", "<urgency>Past").ptr;
        text = replaced(fixture->arena, text, blocked[i].from, blocked[i].to).ptr;
        struct alert *alert = check(fixture, text, blocked[i].id);
        assert_int_equal(finding_of(alert, blocked[i].id) != NULL, blocked[i].found);
    }
}

static void build_ring(char *out, size_t out_size, unsigned points)
{
    size_t len = (size_t)snprintf(out, out_size, "<polygon>45,-67 ");
    for (unsigned i = 1; i + 1 < points; i++)
        len += (size_t)snprintf(out + len, out_size - len, "%.4f,%.4f ", 45 + 0.001 * i * i,
                                -67 + 0.01 * i);
    snprintf(out + len, out_size - len, "45,-67</polygon>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bases_keep_every_rule),
        cmocka_unit_test(test_each_rule_is_kept_and_broken),
        cmocka_unit_test(test_each_rule_has_a_case),
        cmocka_unit_test(test_rows_and_predicates_match),
        cmocka_unit_test(test_capcp_is_complete),
        cmocka_unit_test(test_channels),
    };
    build_ring(points_21, sizeof points_21, 21);
    build_ring(points_101, sizeof points_101, 101);
    build_ring(points_201, sizeof points_201, 201);
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
