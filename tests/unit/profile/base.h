/*
 * base: messages that keep every rule, one for each profile. A case changes one text of one of
 * them.
 */
#ifndef CAPRELAY_TESTS_UNIT_PROFILE_BASE_H
#define CAPRELAY_TESTS_UNIT_PROFILE_BASE_H

#define PAIR(element, name, value)                                                                 \
    "<" element "><valueName>" name "</valueName><value>" value "</value></" element ">"
#define POLYGON "<polygon>45,-67 45,-66 46,-66 45,-67</polygon>"

#define CANADIAN_INFO(language, event, name)                                                       \
    "<info><language>" language "</language><category>Met</category><event>" event "</event>"      \
    "<responseType>Shelter</responseType><urgency>Expected</urgency><severity>Severe</severity>"   \
    "<certainty>Likely</certainty>" PAIR(                                                          \
        "eventCode", "profile:CAP-CP:Event:0.4",                                                   \
        "wind") "<effective>2026-01-01T00:00:00-04:00</effective>"                                 \
                "<expires>2026-01-02T00:00:00-04:00</expires><senderName>" name "</senderName>"    \
                "<headline>h</headline><instruction>go in</instruction>" PAIR(                     \
                    "parameter", "profile:CAP-CP:0.4:MinorChange", "text")                         \
                    PAIR("parameter", "profile:CAP-CP:0.4:AutoTranslated", "no")                   \
                        PAIR("parameter", "local:name",                                            \
                             name) "<resource><resourceDesc>map</resourceDesc>"                    \
                                   "<mimeType>text/plain</mimeType><uri>a.txt</"                   \
                                   "uri><derefUri>aGVsbG8=</derefUri>"                             \
                                   "<digest>AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D</digest></"   \
                                   "resource>"                                                     \
                                   "<area><areaDesc>" name "</areaDesc>" POLYGON PAIR(             \
                                       "geocode", "profile:CAP-CP:Location:0.3",                   \
                                       "1307045") "<altitude>0</altitude><ceiling>9</ceiling></"   \
                                                  "area></info>"

static const char canadian[] =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>i</identifier>"
    "<sender>emo@gnb.ca</sender><sent>2026-01-01T00:00:00-04:00</sent><status>Actual</status>"
    "<msgType>Update</msgType><scope>Public</scope><code>profile:CAP-CP:0.4</code>"
    "<references>emo@gnb.ca,h,2025-12-31T00:00:00-04:00</references>" CANADIAN_INFO(
        "en-CA", "Wind", "NB EMO") CANADIAN_INFO("fr-CA", "Vent", "OMU NB") "</alert>";

#define ECCC_INFO(language, event)                                                                 \
    "<info><language>" language "</language><category>Met</category><event>" event "</event>"      \
    "<responseType>AllClear</responseType><urgency>Past</urgency><severity>Minor</severity>"       \
    "<certainty>Observed</certainty>" PAIR("eventCode", "profile:CAP-CP:Event:0.4", "temperature") \
        PAIR("eventCode", "SAME",                                                                  \
             "HWW") "<expires>2026-01-01T01:00:00-00:00</expires>"                                 \
                    "<senderName>ECCC</senderName>" PAIR(                                          \
                        "parameter", "layer:EC-MSC-SMC:1.0:Alert_Type",                            \
                        "warning") PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Name", event)     \
                        PAIR("parameter", "layer:EC-MSC-SMC:1.0:Alert_Location_Status",            \
                             "ended") PAIR("parameter",                                            \
                                           "layer:EC-MSC-SMC:1.1:Alert_Location_Status", "ended")  \
                            PAIR(                                                                  \
                                "parameter", "layer:EC-MSC-SMC:1.1:Event_End_Time",                \
                                "2026-01-01T00:00:00.000Z") "<area><areaDesc>a</areaDesc>" POLYGON \
                                PAIR("geocode", "profile:CAP-CP:Location:0.3", "1307045")          \
                                    PAIR("geocode", "layer:EC-MSC-SMC:1.0:CLC",                    \
                                         "014300") "</area></info>"

static const char eccc[] =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">"
    "<identifier>urn:oid:2.49.0.1.124.0123456789.2026</identifier>"
    "<sender>cap-pac@canada.ca</sender><sent>2026-01-01T00:00:00-00:00</sent>"
    "<status>Actual</status><msgType>Update</msgType><scope>Public</scope>"
    "<code>profile:CAP-CP:0.4</code><code>layer:EC-MSC-SMC:1.0</code>"
    "<references>cap-pac@canada.ca,h,2025-12-31T00:00:00-00:00\n"
    "  cap-pac@canada.ca,g,2025-12-30T00:00:00-00:00\n</references>" ECCC_INFO("en-CA", "heat")
        ECCC_INFO("fr-CA", "chaleur") "</alert>";

#define US_HEAD                                                                                    \
    "<status>Actual</status><msgType>Update</msgType><source>agency</source>"                      \
    "<scope>Public</scope><code>IPAWSv1.0</code>"                                                  \
    "<references>x@agency.gov,h,2025-12-31T00:00:00-05:00</references>"
#define US_CODES                                                                                   \
    "<category>Fire</category><event>Fire Warning</event><responseType>Shelter</responseType>"     \
    "<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"

static const char ipaws[] =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>i</identifier>"
    "<sender>x@agency.gov</sender><sent>2026-01-01T00:00:00-05:00</sent>" US_HEAD
    "<info><language>en-US</language>" US_CODES PAIR(
        "eventCode", "SAME",
        "FRW") "<expires>2026-01-01T06:00:00-05:00</expires>"
               "<senderName>123456,COG,Agency</senderName><description>d</description>"
               "<web>http://agency.gov/a</web>" PAIR("parameter", "EAS-ORG", "CIV")
                   PAIR("parameter", "WEAHandling", "Imminent Threat") PAIR("parameter", "CMAMtext",
                                                                            "Fire near you")
                       PAIR("parameter", "BLOCKCHANNEL",
                            "PUBLIC") "<resource><resourceDesc>EAS Broadcast Content</resourceDesc>"
                                      "<mimeType>audio/x-ipaws-audio-mp3</mimeType>"
                                      "<uri>http://agency.gov/a.mp3</uri></resource>"
                                      "<area><areaDesc>a</areaDesc>" POLYGON PAIR(
                                          "geocode", "SAME", "023029") "</area></info></alert>";

static const char nws[] =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">"
    "<identifier>urn:oid:2.49.0.1.840.0.ab.001.1</identifier>"
    "<sender>w-nws.webmaster@noaa.gov</sender><sent>2026-01-01T00:00:00-05:00</sent>" US_HEAD
    "<info><language>en-US</language>" US_CODES PAIR("eventCode", "SAME", "NWS") PAIR(
        "eventCode", "NationalWeatherService",
        "WIY") "<onset>2026-01-01T09:00:00-05:00</onset>"
               "<expires>2026-01-01T06:00:00-05:00</expires>" PAIR(
                   "parameter", "BLOCKCHANNEL",
                   "NWEM") PAIR("parameter", "VTEC",
                                "/O.CON.KCAR.WI.Y.0001.260101T0000Z-260102T0000Z/")
                   PAIR("parameter", "eventEndingTime",
                        "2026-01-02T00:00:00-05:00") "<area><areaDesc>a</areaDesc>" PAIR("geocode",
                                                                                         "SAME",
                                                                                         "023029")
                       PAIR("geocode", "UGC", "MEZ029") "</area></info></alert>";

#endif
