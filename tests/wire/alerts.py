"""CAP alerts of our own making, for tests: on both sides of the border between New Brunswick and Maine."""

import datetime
from xml.sax.saxutils import escape

CAP = "urn:oasis:names:tc:emergency:cap:1.2"

# St. Stephen in New Brunswick and Calais in Maine, which a river parts.
SIDES = {
    "ca": {
        "sender": "emo@gnb.example",
        "code": "profile:CAP-CP:0.4",
        "event": "Flood",
        "event_code": ("profile:CAP-CP:Event:0.4", "flood"),
        "geocode": ("profile:CAP-CP:Location:0.3", "1302"),
        "polygon": "45.17,-67.29 45.22,-67.29 45.22,-67.20 45.17,-67.20 45.17,-67.29",
        "offset": "-03:00",
    },
    "us": {
        "sender": "w-nws.webmaster@noaa.example",
        "code": "IPAWSv1.0",
        "event": "Flood Warning",
        "event_code": ("SAME", "FLW"),
        "geocode": ("SAME", "023029"),
        "polygon": "45.10,-67.33 45.20,-67.33 45.20,-67.25 45.10,-67.25 45.10,-67.33",
        "offset": "-04:00",
    },
}


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def stamp(instant, offset="-00:00"):
    sign = -1 if offset[0] == "-" else 1
    shift = sign * datetime.timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return (instant + shift).strftime("%Y-%m-%dT%H:%M:%S") + offset


class Alert:
    """One message; `xml` are its bytes and `reference` is how another one refers to it."""

    def __init__(self, identifier, side="ca", status="Actual", msg_type="Alert", references=(), sent=None, hours=6,
                 headline="High water on the St. Croix", scope="Public", description="Water is rising.", **changes):
        facts = dict(SIDES[side], **changes)
        sent = sent or now()
        self.identifier, self.side, self.status, self.msg_type = identifier, side, status, msg_type
        self.sender = facts["sender"]
        self.sent = stamp(sent, facts["offset"])
        self.reference = f"{self.sender},{identifier},{self.sent}"
        urgency = "Past" if msg_type == "Cancel" else "Immediate"
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<alert xmlns="{CAP}">',
            f"<identifier>{escape(identifier)}</identifier>",
            f"<sender>{escape(self.sender)}</sender>",
            f"<sent>{self.sent}</sent>",
            f"<status>{status}</status>",
            f"<msgType>{msg_type}</msgType>",
            f"<scope>{scope}</scope>",
            f'<code>{facts["code"]}</code>',
        ]
        if references:
            lines.append("<references>" + escape(" ".join(r.reference for r in references)) + "</references>")
        lines += [
            "<info>",
            "<language>en-CA</language>" if side == "ca" else "<language>en-US</language>",
            "<category>Met</category>",
            f'<event>{escape(facts["event"])}</event>',
            "<responseType>Monitor</responseType>",
            f"<urgency>{urgency}</urgency>",
            "<severity>Severe</severity>",
            "<certainty>Likely</certainty>",
            self._pair("eventCode", facts["event_code"]),
            f'<effective>{self.sent}</effective>',
            f'<expires>{stamp(sent + datetime.timedelta(hours=hours), facts["offset"])}</expires>',
            "<senderName>Test authority</senderName>",
            f"<headline>{escape(headline)}</headline>",
            f"<description>{escape(description)}</description>",
            "<instruction>Stay away from the river.</instruction>",
            "<area>",
            "<areaDesc>St. Croix valley</areaDesc>",
            f'<polygon>{facts["polygon"]}</polygon>',
            self._pair("geocode", facts["geocode"]),
            "</area>",
            "</info>",
            "</alert>",
            "",
        ]
        self.xml = "\n".join(lines).encode()

    @staticmethod
    def _pair(element, pair):
        return f"<{element}><valueName>{pair[0]}</valueName><value>{pair[1]}</value></{element}>"


class Stream:
    """An endless row of alerts, each fourth an Update of an earlier one and each seventh a Cancel, from both sides in turn."""

    def __init__(self, prefix, status="Actual"):
        self.prefix, self.status = prefix, status
        self.count = 0
        self.live = {"ca": [], "us": []}

    def __next__(self):
        self.count += 1
        side = "ca" if self.count % 2 else "us"
        live = self.live[side]
        kind = "Alert"
        if live and self.count % 7 == 0:
            kind = "Cancel"
        elif live and self.count % 4 == 0:
            kind = "Update"
        references = [live.pop(0)] if kind != "Alert" else []
        made = Alert(f"{self.prefix}-{self.count}", side=side, status=self.status, msg_type=kind, references=references)
        if kind != "Cancel":
            live.append(made)
        del live[:-20]
        return made

    def __iter__(self):
        return self
