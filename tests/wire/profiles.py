"""What a message must keep to be taken by each side, read from the profiles and not from the relay's own rules.

Each check yields (rule, text). Only the rules of exchange between agencies: with every channel blocked those of EAS, WEA and NWEM do not apply.
"""

import re
from datetime import datetime

CHANNELS = {"EAS", "CMAS", "NWEM"}
BROADCAST = re.compile(r"broadcast|wireless|weahandling|cmam|eas.?org|eastext|eas.?must|eas.?stn", re.I)
CAPCP = "profile:CAP-CP:"
SHARED_VALUES = ("category", "responseType", "urgency", "severity", "certainty", "eventCode", "effective", "onset", "expires")


def texts(element, name):
    return [(found.text or "").strip() for found in element.findall("{*}" + name)]


def text(element, name):
    return next(iter(texts(element, name)), "")


def pairs(element, name):
    return [(text(pair, "valueName"), text(pair, "value")) for pair in element.findall("{*}" + name)]


def infos(alert):
    return alert.findall("{*}info")


def areas(alert):
    return [area for info in infos(alert) for area in info.findall("{*}area")]


def points(polygon):
    return [tuple(float(number) for number in pair.split(",")) for pair in polygon.split()]


def instant(value):
    return datetime.fromisoformat(value)


def side_of_line(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def crosses(a, b, c, d):
    return side_of_line(a, b, c) * side_of_line(a, b, d) < 0 and side_of_line(c, d, a) * side_of_line(c, d, b) < 0


def ring_faults(ring, most):
    if len(ring) < 4 or ring[0] != ring[-1]:
        yield "not closed, or fewer than four points"
        return
    if len(ring) > most:
        yield f"{len(ring)} vertices"
    if len(set(ring[:-1])) != len(ring) - 1:
        yield "a vertex twice"
    edges = list(zip(ring, ring[1:]))
    if any(crosses(*edges[i], *edges[j]) for i in range(len(edges)) for j in range(i + 2, len(edges))):
        yield "crosses itself"
    if sum(a[1] * b[0] - b[1] * a[0] for a, b in edges) == 0:
        yield "no area"


def readable(polygon):
    try:
        return len(points(polygon)) >= 4
    except ValueError:
        return False


def lapses_as_sent(source, info):
    try:
        return instant(text(info, "expires")) <= instant(text(source, "sent"))
    except (TypeError, ValueError):
        return False  # one of them is missing or no time


def beyond_repair(source):
    """The rules that no translation can keep, since the source does not say what they ask for and nothing is invented."""
    rules = set()
    if not text(source, "references"):
        rules.add("references")
    if not infos(source):
        rules.add("info")
    for info in infos(source):
        if lapses_as_sent(source, info):
            rules.add("expires")  # recorded: what calls a tsunami off
    for area in areas(source):
        if not (any(map(readable, texts(area, "polygon"))) or texts(area, "circle") or area.findall("{*}geocode")):
            rules.add("AREA")
    return rules


def any_message(alert):
    if text(alert, "msgType") in ("Update", "Cancel") and not text(alert, "references"):
        yield "references", "an Update or Cancel without"
    if text(alert, "msgType") in ("Alert", "Update") and not infos(alert):
        yield "info", "none"
    for info in infos(alert):
        for name, _ in pairs(info, "parameter"):
            if BROADCAST.search(name):
                yield "parameter", f"{name} could set off a broadcast"
        if text(info, "expires") and instant(text(info, "expires")) <= instant(text(alert, "sent")):
            yield "expires", "not after sent"
        for name in ("web",):
            if text(info, name) and not re.fullmatch(r"https?://\S{1,2076}", text(info, name)):
                yield name, text(info, name)
        for resource in info.findall("{*}resource"):
            if text(resource, "uri") and not re.fullmatch(r"\S{1,2083}", text(resource, "uri")):
                yield "uri", text(resource, "uri")


def us_exchange(alert, same_events, us_counties):
    """`same_events`: code -> accepted by IPAWS-OPEN. `us_counties`: SSCCC of every county."""
    yield from any_message(alert)
    if "IPAWSv1.0" not in texts(alert, "code"):
        yield "CODE", "no IPAWSv1.0"
    if re.search(r"[ ,'<>&{}|\\/^~\[\]()]", text(alert, "identifier")):
        yield "ID", text(alert, "identifier")
    if re.search(r'[ ,"<>&{}|\\^~]', text(alert, "sender")):
        yield "SENDER", text(alert, "sender")
    if not text(alert, "source"):
        yield "SOURCE", "none"
    if re.search(r"[+-]00:00$", text(alert, "sent")):
        yield "SENTTZ", text(alert, "sent")
    codes = {tuple(value for name, value in pairs(info, "eventCode") if name == "SAME") for info in infos(alert)}
    if len(codes) > 1 or any(len(code) > 1 for code in codes):
        yield "SAMEVALUES", f"{codes}"
    for code in codes:
        if code and same_events.get(code[0]) != "yes":
            yield "SAMECODE", code[0]
    for info in infos(alert):
        channels = {value for name, value in pairs(info, "parameter") if name == "BLOCKCHANNEL"}
        if channels != CHANNELS:
            yield "BLOCK", f"{channels}"
        if not info.findall("{*}area"):
            yield "AREA", "none"
        if not texts(info, "language"):
            yield "language", "none"
    yield from generated_says_the_same(alert, "en")
    for area in areas(alert):
        if not area.findall("{*}geocode") and not area.findall("{*}polygon") and not area.findall("{*}circle"):
            yield "AREA", "neither shape nor code"
        for name, value in pairs(area, "geocode"):
            if name == "SAME" and not (re.fullmatch(r"\d{6}", value) and (value[3:] == "000" or value[1:] in us_counties)):
                yield "GEOSAME", value
        for polygon in texts(area, "polygon"):
            for fault in ring_faults(points(polygon), 201):
                yield "POLY", fault


def place(area):
    return sorted(texts(area, "polygon")), sorted(texts(area, "circle")), sorted(pairs(area, "geocode"))


def shared(info):
    """What must be the same in every language."""
    values = {name: sorted(texts(info, name)) for name in SHARED_VALUES if name != "eventCode"}
    values["eventCode"] = sorted(pairs(info, "eventCode"))
    values["area"] = sorted(place(area) for area in info.findall("{*}area"))
    return values


def generated_says_the_same(alert, own):
    """An info that the relay made in the language `own` says what one of another language says."""
    for info in infos(alert):
        automatic = [value for name, value in pairs(info, "parameter") if name.endswith(":AutoTranslated")]
        if automatic != ["yes"] or not text(info, "language").startswith(own):
            continue
        others = [other for other in infos(alert) if other is not info and not text(other, "language").startswith(own)]
        if shared(info) not in [shared(other) for other in others]:
            yield "6", "a generated info that says otherwise than its original"


def ca_exchange(alert, capcp_events):
    """`capcp_events`: every known event code in lower case."""
    yield from any_message(alert)
    if not any(code.startswith(CAPCP) for code in texts(alert, "code")):
        yield "3", "no profile code"
    if text(alert, "scope") == "Public" and text(alert, "msgType") in ("Alert", "Update") and not infos(alert):
        yield "5", "no info"
    codes = {tuple(value for name, value in pairs(info, "eventCode") if name.startswith(CAPCP + "Event:")) for info in infos(alert)}
    if len(codes) > 1 or any(len(code) > 1 for code in codes):
        yield "2", f"{codes}"
    for code in codes:
        if code and (code[0].lower() not in capcp_events or not re.fullmatch(r"\S{4,12}", code[0])):
            yield "8", code[0]
    yield from generated_says_the_same(alert, "fr")
    for info in infos(alert):
        if not text(info, "language"):
            yield "6", "no language"
        automatic = [value for name, value in pairs(info, "parameter") if name.endswith(":AutoTranslated")]
        if len(automatic) > 1:
            yield "17", "AutoTranslated twice"
        if text(alert, "msgType") != "Update" and any(name.endswith(":MinorChange") for name, _ in pairs(info, "parameter")):
            yield "16", "MinorChange outside an Update"
        if not info.findall("{*}area"):
            yield "10", "no area"
        if text(info, "headline") and len(text(info, "headline")) > 160 and automatic == ["yes"]:
            yield "headline", f"{len(text(info, 'headline'))} characters"
    for area in areas(alert):
        locations = [value for name, value in pairs(area, "geocode") if name.startswith(CAPCP + "Location:")]
        if not locations:
            yield "9", "no location"
        for location in locations:
            if not re.fullmatch(r"none|\d{2}|\d{4}|\d{7}", location):
                yield "9", location
        if any(name in ("SAME", "FIPS6") for name, _ in pairs(area, "geocode")):
            yield "geocode", "six digits that pass for an ECCC code"
