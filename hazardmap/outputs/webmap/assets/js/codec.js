/* Reads the compact payloads that hazardmap/outputs/webmap/codec.py writes. */
(() => {
  const hm = window.hazardmap;

  const bytesOf = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  };

  /* The compressed bytes of a payload, as they stand in the page. */
  hm.packed = (id) => bytesOf(hm.byId(id).textContent.trim());

  hm.unpacked = async (id) => {
    const stream = new Blob([hm.packed(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  hm.unpackedJson = async (id) => JSON.parse(new TextDecoder().decode(await hm.unpacked(id)));
  hm.unpackedFeatures = async (id, like) => hm.decodeFeatures(await hm.unpacked(id), like);

  const count = (bytes) => {
    let n = 0;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] < 128) n++;
    return n;
  };

  /* Whole numbers, seven bits a byte, the lowest first. Sums instead of shifts: they may exceed 32 bits. */
  const eachVarint = (bytes, take) => {
    let value = 0;
    let scale = 1;
    let n = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      value += (byte & 127) * scale;
      if (byte < 128) {
        take(n++, value);
        value = 0;
        scale = 1;
      } else {
        scale *= 128;
      }
    }
  };

  const varints = (bytes) => {
    const out = new Uint32Array(count(bytes));
    eachVarint(bytes, (i, value) => {
      out[i] = value;
    });
    return out;
  };

  const signed = (bytes) => {
    const out = new Float64Array(count(bytes));
    eachVarint(bytes, (i, value) => {
      out[i] = value % 2 ? -(value + 1) / 2 : value / 2;
    });
    return out;
  };

  const summed = (values) => {
    for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
    return values;
  };

  /* Where each of a run of things starts: [2, 0, 3] becomes [0, 2, 2, 5]. */
  const starts = (lengths) => {
    const out = new Uint32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) out[i + 1] = out[i] + lengths[i];
    return out;
  };

  const counting = (n) => {
    const out = new Uint32Array(n + 1);
    for (let i = 0; i <= n; i++) out[i] = i;
    return out;
  };

  /* Features, with the shapes of others where they carry none themselves. */
  hm.decodeFeatures = (bytes, like) => {
    const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength)));
    const sections = {};
    let at = 4 + headLength;
    for (const [name, length] of header.sections) {
      sections[name] = bytes.subarray(at, at + length);
      at += length;
    }
    const features = like ? { ...like, columns: {} } : { kind: header.kind, count: header.count, columns: {} };
    if (!like) {
      readShapes(features, sections, 10 ** header.digits);
      indexBoxes(features);
    }
    header.columns.forEach((described, number) => addColumn(features, described, sections, `${number}.`));
    return features;
  };

  /* A function from the number of a feature to its value; of a column that varies, one per scenario. */
  const addColumn = ({ columns, count: n }, described, sections, prefix) => {
    const { name, scenarios } = described;
    const read = readColumn(described, sections, prefix, n * (scenarios.length || 1));
    if (!scenarios.length) columns[name] = read;
    scenarios.forEach((scenario, s) => { columns[`${name}@${scenario}`] = (feature) => read(feature * scenarios.length + s); });
  };

  /* feature -> parts -> rings -> vertices, each by where it starts; points and lines have one ring a part. */
  const readShapes = (features, sections, scale) => {
    const longitude = summed(signed(sections.x));
    const latitude = summed(signed(sections.y));
    features.parts = starts(varints(sections.parts));
    const parts = features.parts[features.count];
    features.rings = sections.rings ? starts(varints(sections.rings)) : counting(parts);
    features.vertices = sections.vertices ? starts(varints(sections.vertices)) : counting(longitude.length);
    toMercator(features, longitude, latitude, scale);
  };

  /* Web Mercator in [0, 1), as float32 offsets from the first vertex: a few centimetres within 1,000 km. */
  const toMercator = (features, longitude, latitude, scale) => {
    const n = longitude.length;
    features.x = new Float32Array(n);
    features.y = new Float32Array(n);
    features.originX = n ? hm.mercatorX(longitude[0] / scale) : 0;
    features.originY = n ? hm.mercatorY(latitude[0] / scale) : 0;
    for (let i = 0; i < n; i++) {
      features.x[i] = hm.mercatorX(longitude[i] / scale) - features.originX;
      features.y[i] = hm.mercatorY(latitude[i] / scale) - features.originY;
    }
  };

  hm.mercatorX = (longitude) => (longitude + 180) / 360;
  hm.mercatorY = (latitude) => {
    const sine = Math.sin((latitude * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  };
  hm.longitude = (x) => x * 360 - 180;
  hm.latitude = (y) => ((2 * Math.atan(Math.exp(Math.PI * (1 - 2 * y))) - Math.PI / 2) * 180) / Math.PI;

  /* A function from a place in a column to its value, or null. */
  const readColumn = (described, sections, prefix, n) => {
    const position = knownPositions(sections[`${prefix}missing`], n);
    const read = readValues(described, sections[`${prefix}values`], sections[`${prefix}lengths`]);
    return (feature) => (position[feature] < 0 ? null : read(position[feature]));
  };

  /* Number of each feature among those that have a value; -1 where it is missing. */
  const knownPositions = (missing, n) => {
    const position = new Int32Array(n);
    for (const feature of missing ? summed(varints(missing)) : []) position[feature] = -1;
    let known = 0;
    for (let i = 0; i < n; i++) if (position[i] === 0) position[i] = known++;
    return position;
  };

  const readValues = (described, content, lengths) => {
    if (described.type === "text") return readTexts(content, starts(varints(lengths)));
    if (described.type === "float") {
      const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
      return (i) => view.getFloat64(8 * i, true);
    }
    if (described.type === "category") {
      const codes = varints(content);
      return (i) => described.categories[codes[i]];
    }
    if (described.type === "bool") {
      const flags = varints(content);
      return (i) => flags[i] === 1;
    }
    const values = signed(content);
    if (described.type === "int") {
      summed(values);
      return (i) => values[i];
    }
    const scale = 10 ** described.digits;
    return (i) => values[i] / scale;
  };

  const readTexts = (content, start) => {
    const decoder = new TextDecoder();
    return (i) => decoder.decode(content.subarray(start[i], start[i + 1]));
  };

  /* Box of every feature, and a grid of lists to find those in a window. A feature is listed under the corner of its
     box, and a query is widened by the largest box: simple, exact, and fast for features of like size. */
  const indexBoxes = (features) => {
    const { count: n, x, y } = features;
    const boxes = new Float32Array(4 * n);
    const all = [Infinity, Infinity, -Infinity, -Infinity];
    let widest = 0;
    let highest = 0;
    for (let f = 0; f < n; f++) {
      const [from, to] = hm.vertexRange(features, f);
      let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = from; i < to; i++) {
        if (x[i] < west) west = x[i];
        if (x[i] > east) east = x[i];
        if (y[i] < north) north = y[i];
        if (y[i] > south) south = y[i];
      }
      boxes.set([west, north, east, south], 4 * f);
      if (from === to) continue;
      widest = Math.max(widest, east - west);
      highest = Math.max(highest, south - north);
      all[0] = Math.min(all[0], west);
      all[1] = Math.min(all[1], north);
      all[2] = Math.max(all[2], east);
      all[3] = Math.max(all[3], south);
    }
    features.boxes = boxes;
    features.box = all;
    features.meanWidth = meanWidth(boxes, n);
    features.query = gridQuery(features, widest, highest);
  };

  const meanWidth = (boxes, n) => {
    const step = Math.max(1, n >> 10);
    let sum = 0;
    let seen = 0;
    for (let f = 0; f < n; f += step) {
      if (boxes[4 * f] > boxes[4 * f + 2]) continue;
      sum += boxes[4 * f + 2] - boxes[4 * f];
      seen++;
    }
    return seen ? sum / seen : 0;
  };

  const gridQuery = (features, widest, highest) => {
    const { count: n, boxes, box } = features;
    const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(n / 8))));
    const scaleX = side / (box[2] - box[0] || 1e-9);
    const scaleY = side / (box[3] - box[1] || 1e-9);
    const clamp = (k) => Math.max(0, Math.min(side - 1, k));
    const cell = new Int32Array(n);
    const start = new Uint32Array(side * side + 1);
    for (let f = 0; f < n; f++) {
      const empty = boxes[4 * f] > boxes[4 * f + 2];
      const column = clamp(Math.floor((boxes[4 * f] - box[0]) * scaleX));
      const row = clamp(Math.floor((boxes[4 * f + 1] - box[1]) * scaleY));
      cell[f] = empty ? -1 : row * side + column;
      if (!empty) start[cell[f] + 1]++;
    }
    for (let k = 0; k < side * side; k++) start[k + 1] += start[k];
    const next = start.slice();
    const listed = new Uint32Array(start[side * side]);
    for (let f = 0; f < n; f++) if (cell[f] >= 0) listed[next[cell[f]]++] = f;

    /* Calls take(feature) for every feature whose box touches the window (Web Mercator in [0, 1)). */
    return (westAll, northAll, eastAll, southAll, take) => {
      const west = westAll - features.originX;
      const east = eastAll - features.originX;
      const north = northAll - features.originY;
      const south = southAll - features.originY;
      if (!listed.length || west > box[2] || east < box[0] || north > box[3] || south < box[1]) return;
      const first = clamp(Math.floor((west - widest - box[0]) * scaleX));
      const last = clamp(Math.floor((east - box[0]) * scaleX));
      const top = clamp(Math.floor((north - highest - box[1]) * scaleY));
      const bottom = clamp(Math.floor((south - box[1]) * scaleY));
      for (let row = top; row <= bottom; row++) {
        for (let k = start[row * side + first]; k < start[row * side + last + 1]; k++) {
          const f = listed[k];
          const b = 4 * f;
          if (boxes[b] <= east && boxes[b + 2] >= west && boxes[b + 1] <= south && boxes[b + 3] >= north) take(f);
        }
      }
    };
  };

  /* Numbers of the first ring and of the one after the last, and the same of vertices, of a feature. */
  hm.ringRange = (features, f) => [features.rings[features.parts[f]], features.rings[features.parts[f + 1]]];
  hm.vertexRange = (features, f) => hm.ringRange(features, f).map((ring) => features.vertices[ring]);

  /* Middle of a feature's box, as [latitude, longitude]. */
  hm.middle = (features, f) => {
    const b = features.boxes.subarray(4 * f, 4 * f + 4);
    return [
      hm.latitude((b[1] + b[3]) / 2 + features.originY),
      hm.longitude((b[0] + b[2]) / 2 + features.originX),
    ];
  };
})();
