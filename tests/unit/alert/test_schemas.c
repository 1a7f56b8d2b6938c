/* The schemas accept and refuse what those of OASIS do; each case is one rule of them. */
#include "fixture.h"

struct schema_case {
    const char *text;
    bool valid;
};

#define A12(body) "<alert xmlns='" CAP12 "'>" body "</alert>"
#define A11(body) "<alert xmlns='" CAP11 "'>" body "</alert>"
#define A10(body) "<alert xmlns='" CAP10 "'>" body "</alert>"
#define TOP "<identifier>i</identifier><sender>s</sender>"
#define MID "<status>Actual</status><msgType>Alert</msgType>"
#define SENT "<sent>2026-01-01T00:00:00-00:00</sent>"
#define PUBLIC "<scope>Public</scope>"
#define CODES "<urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>"
#define EVENT "<category>Met</category><event>e</event>"
#define MORE(x) TOP SENT MID PUBLIC "<info>" EVENT CODES x "</info>"

static const struct schema_case cases[] = {
    {A12(MORE("")), true},
    /* Times of 1.2 have seconds, no fraction and an offset; a comma passes the pattern and fails
       dateTime. */
    {A12(TOP "<sent>2026-01-01T00:00:00Z</sent>" MID PUBLIC), false},
    {A12(TOP "<sent>2026-01-01T00:00:00.5-00:00</sent>" MID PUBLIC), false},
    {A12(TOP "<sent>2026-01-01T00:00:00</sent>" MID PUBLIC), false},
    {A12(TOP "<sent>2026-01-01T00:00:00,00:00</sent>" MID PUBLIC), false},
    {A12(TOP "<sent>2026-02-30T00:00:00-00:00</sent>" MID PUBLIC), false},
    {A12(TOP "<sent> 2026-01-01T00:00:00+05:30 </sent>" MID PUBLIC), true},
    {A11(TOP "<sent>2026-01-01T00:00:00Z</sent>" MID PUBLIC), true},
    {A11(TOP "<sent>2026-01-01T00:00:00.123</sent>" MID PUBLIC), true},
    {A10(TOP "<sent>2026-01-01T00:00:00Z</sent>" MID), true},
    {A11(TOP "<sent>2026-01-01</sent>" MID PUBLIC), false},
    /* Codes are plain strings: no white space, no other case. */
    {A12(TOP SENT "<status> Actual</status><msgType>Alert</msgType>" PUBLIC), false},
    {A12(TOP SENT "<status>Draft</status><msgType>Alert</msgType>" PUBLIC), true},
    {A11(TOP SENT "<status>Draft</status><msgType>Alert</msgType>" PUBLIC), true},
    {A10(TOP SENT "<status>Draft</status><msgType>Alert</msgType>" PUBLIC), false},
    /* What each version has or has not. */
    {A12(TOP SENT MID), false},
    {A11(TOP SENT MID), false},
    {A10(TOP SENT MID "<password>p</password><source>s</source>"), true},
    {A11(TOP SENT MID "<password>p</password>" PUBLIC), false},
    {A10(TOP SENT MID "<source>s</source><password>p</password>"), false},
    {A12(MORE("<resource><resourceDesc>r</resourceDesc></resource>")), false},
    {A11(MORE("<resource><resourceDesc>r</resourceDesc></resource>")), true},
    {A11(MORE("<resource><resourceDesc>r</resourceDesc><mimeType>m</mimeType><size>1.5</size></"
              "resource>")),
     false},
    {A11(MORE("<resource><resourceDesc>r</resourceDesc><derefUri>QQ==</derefUri></resource>")),
     true},
    {A10(MORE("<resource><resourceDesc>r</resourceDesc><derefUri>QQ==</derefUri></resource>")),
     false},
    {A12(MORE("<area><areaDesc>a</areaDesc><altitude>high</altitude></area>")), false},
    {A11(MORE("<area><areaDesc>a</areaDesc><altitude>high</altitude></area>")), true},
    {A12(MORE("<area><areaDesc>a</areaDesc><altitude>1.50</altitude><ceiling>+2</ceiling></area>")),
     true},
    {A12(MORE("<area><polygon>1,1</polygon></area>")), false},
    {A12(MORE("<area><areaDesc>a</areaDesc><circle>1,1 1</circle><polygon>1,1</polygon></area>")),
     false},
    {A12(MORE("<eventCode>FFW</eventCode>")), false},
    {A10(MORE("<eventCode>FFW</eventCode>")), true},
    {A12(MORE("<eventCode><valueName>n</valueName><value/></eventCode>")), true},
    {A12(MORE("<eventCode><value>v</value><valueName>n</valueName></eventCode>")), false},
    {A12(MORE("<web>http://x.example/%zz</web>")), false},
    {A12(MORE("<web>http://x.example/[1]</web>")), false},
    {A12(MORE("<web>anything#goes</web>")), true},
    /* language has a default, so that it may be empty; as a language it may not hold an underscore.
     */
    {A12(TOP SENT MID PUBLIC "<info><language/>" EVENT CODES "</info>"), true},
    {A12(TOP SENT MID PUBLIC "<info><language>en_CA</language>" EVENT CODES "</info>"), false},
    {A12(TOP SENT MID PUBLIC "<info><event>e</event>" CODES "</info>"), false},
    {A10(TOP SENT MID "<info><event>e</event>" CODES "</info>"), true},
    {A10(TOP SENT MID "<info><category>CBRNE</category><event>e</event>" CODES "</info>"), false},
    {A12(TOP SENT MID PUBLIC "<info>" EVENT "<responseType>AllClear</responseType>" CODES
                             "</info>"),
     true},
    {A12(TOP SENT MID PUBLIC "<info>" EVENT "<responseType>Avoid</responseType>" CODES "</info>"),
     true},
    {A11(TOP SENT MID PUBLIC "<info>" EVENT "<responseType>Avoid</responseType>" CODES "</info>"),
     false},
    {A11(TOP SENT MID PUBLIC "<info>" EVENT "<responseType>AllClear</responseType>" CODES
                             "</info>"),
     false},
    {A10(TOP SENT MID "<info>" EVENT "<responseType>None</responseType>" CODES "</info>"), false},
    {A10(TOP SENT MID "<info>" EVENT "<urgency>Past</urgency><severity>Minor</severity>"
                      "<certainty>Observed</certainty></info>"),
     false},
    {A10(TOP SENT MID "<info>" EVENT "<urgency>Past</urgency><severity>Minor</severity>"
                      "<certainty>Very Likely</certainty></info>"),
     true},
    /* Only elements of XML-DSig, and only behind the last info, of 1.2 alone; attributes nowhere.
     */
    {A12(MORE("") "<S xmlns='http://www.w3.org/2000/09/xmldsig#'>any<thing/></S>"), true},
    {A12(MORE("") "<S xmlns='urn:other'/>"), false},
    {A11(MORE("") "<S xmlns='http://www.w3.org/2000/09/xmldsig#'/>"), false},
    {"<alert xmlns='" CAP12 "' version='1'>" MORE("") "</alert>", false},
    {"<alert xmlns='" CAP12
     "' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='urn:a b.xsd'>" MORE(
         "") "</alert>",
     true},
    {A12(TOP SENT MID PUBLIC "text"), false},
};

static void test_cases(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct alert *alert = fixture_one(*state, cases[i].text);
        if (alert->schema_valid != cases[i].valid)
            fail_msg("should%s be valid: %s", cases[i].valid ? "" : " not", cases[i].text);
        assert_int_equal(findings_have(&alert->findings, "schema"), !cases[i].valid);
    }
}

static void test_validate_cap12_says_why(void **state)
{
    const struct fixture *fixture = *state;
    struct err err = {0};
    assert_int_equal(parser_validate_cap12(fixture->parser, SLICE(VALID), &err), OK);
    assert_int_equal(parser_validate_cap12(fixture->parser, SLICE(A11(MORE(""))), &err),
                     ERR_INVALID);
    assert_int_equal(parser_validate_cap12(fixture->parser, SLICE("<alert"), &err), ERR_INVALID);
    assert_int_equal(parser_validate_cap12(fixture->parser, SLICE(ALERT("\n" HEAD)), &err),
                     ERR_INVALID);
    assert_non_null(strstr(err.text, "scope"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_validate_cap12_says_why),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
