"""caprelay-boundaries on small layers of our own: what it repairs, cuts, joins and refuses. usage: test_builder.py PROGRAM"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
COLUMNS = "layer file code name name_fr region where options source date licence attribution".split()


def row(layer, file, code, where="", options=""):
    values = [layer, file, code, "NAME", "", "", where, options, "own", "2026", "CC0", "nobody"]
    return "\t".join(values)


def feature(properties, *rings):
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}}


def box(x0, y0, x1, y1):
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]


class Packed:
    """Reads back units and rings by relay/geo/format.h."""

    def __init__(self, data):
        self.version, self.order, self.size = struct.unpack_from("<IIQ", data, 8)
        sections = struct.unpack_from("<18Q", data, 8 + 4 + 4 + 8 + 32 + 8)
        at = dict(zip(range(9), zip(sections[::2], sections[1::2])))
        text = data[at[8][0]:at[8][0] + at[8][1]]
        self.units = {}
        for i in range(at[2][1]):
            record = struct.unpack_from("<12I4i2id", data, at[2][0] + 80 * i)
            code = text[record[2]:record[2] + record[3]].decode()
            region = text[record[8]:record[8] + record[9]].decode()
            rings = []
            for k in range(record[10], record[10] + record[11]):
                first, count, _, hole = struct.unpack_from("<4I", data, at[3][0] + 32 * k)
                points = struct.unpack_from(f"<{2 * count}i", data, at[5][0] + 8 * first)
                rings.append((hole, list(zip(points[::2], points[1::2]))))
            self.units[code] = {"layer": record[0], "flags": record[1], "region": region, "rings": rings,
                                "box": record[12:16], "area": record[18]}


class BuilderTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_tool(self, rows, layers, out="out.bin"):
        with open(self.path("recipe.tsv"), "w", encoding="utf-8") as file:
            file.write("# own\ngrade\ttest\n" + "\t".join(COLUMNS) + "\n" + "\n".join(rows) + "\n")
        for name, features in layers.items():
            with open(self.path(name), "w", encoding="utf-8") as file:
                json.dump({"type": "FeatureCollection", "features": features}, file)
        return subprocess.run([PROGRAM, self.path("recipe.tsv"), self.folder.name, self.path(out), self.path("ATTRIBUTION")],
                              capture_output=True, text=True, check=False)

    def pack(self, rows, layers):
        result = self.run_tool(rows, layers)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(self.path("out.bin"), "rb") as file:
            return Packed(file.read())

    def refused(self, reason, rows, layers):
        result = self.run_tool(rows, layers)
        self.assertEqual(result.returncode, 1)
        self.assertIn(reason, result.stderr)
        self.assertFalse(os.path.exists(self.path("out.bin")))

    def counties(self, *features):
        return self.pack([row("us_county", "c.geojson", "SAME")], {"c.geojson": list(features)})

    def test_plain(self):
        packed = self.counties(feature({"SAME": "023003", "NAME": "A"}, box(-69, 46, -68, 47), box(-68.6, 46.4, -68.4, 46.6)))
        unit = packed.units["023003"]
        self.assertEqual(packed.version, 1)
        self.assertEqual(unit["region"], "ME")
        self.assertEqual(unit["box"], (-6900000, 4600000, -6800000, 4700000))
        self.assertEqual([hole for hole, _ in unit["rings"]], [0, 1])
        self.assertAlmostEqual(unit["area"] / (8515.5 - 0.04 * 8515.5), 1, delta=0.001)

    def test_bow_tie_keeps_its_area(self):
        packed = self.counties(feature({"SAME": "023003"}, [[-69, 46], [-68, 47], [-68, 46], [-69, 47], [-69, 46]]))
        self.assertAlmostEqual(packed.units["023003"]["area"] / (8515.5 / 2), 1, delta=0.01)

    def test_antimeridian_is_cut(self):
        crossing = [[179, 51], [-179, 51], [-179, 52], [179, 52], [179, 51]]
        beyond = box(179.5, 53, 181, 54)
        packed = self.counties(feature({"SAME": "002016"}, crossing), feature({"SAME": "002013"}, beyond))
        for code, width in (("002016", 2), ("002013", 1.5)):
            rings = packed.units[code]["rings"]
            self.assertEqual(len(rings), 2)
            widths = [max(x for x, _ in r) - min(x for x, _ in r) for _, r in rings]
            self.assertEqual(sum(widths), width * 100000)
            self.assertTrue(all(abs(x) <= 18000000 for _, r in rings for x, _ in r))

    def test_collapsed_is_still_there(self):
        packed = self.counties(feature({"SAME": "051610"}, [[-77.17, 38.89], [-77.15, 38.87], [-77.17, 38.89], [-77.17, 38.89]]))
        self.assertGreater(packed.units["051610"]["area"], 0)

    def test_same_code_is_joined(self):
        packed = self.counties(feature({"SAME": "023003"}, box(-69, 46, -68, 47)), feature({"SAME": "023003"}, box(-68, 46, -67, 47)))
        self.assertEqual(len(packed.units), 1)
        self.assertEqual(packed.units["023003"]["box"][2], -6700000)
        self.assertEqual(len(packed.units["023003"]["rings"]), 1)

    def test_several_codes_of_one_shape(self):
        packed = self.pack([row("ca_clc", "z.geojson", "CLC")], {"z.geojson": [feature({"CLC": "082511-082512"}, box(-124, 49, -123, 50))]})
        self.assertEqual(sorted(packed.units), ["082511", "082512"])
        self.assertEqual(packed.units["082511"]["rings"], packed.units["082512"]["rings"])

    def test_where_slice_and_order(self):
        rows = [row("us_zone", "z.geojson", "UGC", "KIND!=fire"), row("us_zone", "z.geojson", "UGC", "KIND=fire", "lookup"),
                row("us_state", "z.geojson", "SAME:1:2", "SAME=?*")]
        features = [feature({"UGC": "MEZ001", "KIND": "fire"}, box(0, 0, 1, 1)), feature({"UGC": "MEZ001", "KIND": "public"}, box(-69, 46, -68, 47)),
                    feature({"UGC": "MEZ002", "KIND": "fire", "SAME": "023003"}, box(-69, 46, -68, 47))]
        packed = self.pack(rows, {"z.geojson": features})
        self.assertEqual(packed.units["MEZ001"]["box"][0], -6900000)
        self.assertEqual((packed.units["MEZ001"]["flags"], packed.units["MEZ002"]["flags"]), (0, 1))
        self.assertEqual(packed.units["23"]["region"], "ME")

    def test_same_input_same_bytes(self):
        layers = {"c.geojson": [feature({"SAME": "023003"}, box(-69, 46, -68, 47))]}
        rows = [row("us_county", "c.geojson", "SAME")]
        self.run_tool(rows, layers, "a.bin")
        self.run_tool(rows, layers, "b.bin")
        with open(self.path("a.bin"), "rb") as a, open(self.path("b.bin"), "rb") as b:
            self.assertEqual(a.read(), b.read())
        with open(self.path("ATTRIBUTION"), encoding="utf-8") as file:
            self.assertIn("CC0", file.read())

    def test_refusals(self):
        good = {"c.geojson": [feature({"SAME": "023003"}, box(-69, 46, -68, 47))]}
        self.refused("unknown layer 'county'", [row("county", "c.geojson", "SAME")], good)
        self.refused("no property 'CODE'", [row("us_county", "c.geojson", "CODE")], good)
        self.refused("columns", ["us_county\tc.geojson"], good)
        self.refused("missing.geojson", [row("us_county", "missing.geojson", "SAME")], good)
        metres = {"c.geojson": [feature({"SAME": "023003"}, box(1900000, 700000, 1950000, 750000))]}
        self.refused("WGS 84", [row("us_county", "c.geojson", "SAME")], metres)
        self.refused("no feature", [row("us_county", "c.geojson", "SAME", "NAME=nothing")], good)


if __name__ == "__main__":
    unittest.main()
