/*
 * names: the namespaces of IPAWS's interface. Internal to the room.
 */
#ifndef CAPRELAY_COG_NAMES_H
#define CAPRELAY_COG_NAMES_H

#define COG_SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define COG_SERVICE "http://gov.fema.ipaws.services/IPAWS_CAPService/"
#define COG_REQUEST "http://gov.fema.ipaws.services/caprequest"
#define COG_SECURITY                                                                               \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define COG_X509                                                                                   \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
#define COG_BASE64                                                                                 \
    "http://docs.oasis-open.org/wss/2004/01/"                                                      \
    "oasis-200401-wss-soap-message-security-1.0#Base64Binary"

#endif
