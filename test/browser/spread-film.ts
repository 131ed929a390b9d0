// An MP4 whose second half lies far behind its first, so that a browser which seeks there must ask
// for it: short films are read ahead whole, and a seek in one causes no request.

/** Boxes on the way to the tables of chunk offsets (ISO/IEC 14496-12 §8). */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

interface Box {
  readonly type: string;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

function boxesOf(octets: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  for (let start = from; start + 8 <= to; ) {
    const size = octets.readUInt32BE(start);
    if (size < 8) throw new Error('this test knows 32-bit boxes only');
    const box = { type: octets.toString('latin1', start + 4, start + 8), start, content: start + 8, end: start + size };
    boxes.push(box, ...(CONTAINERS.has(box.type) ? boxesOf(octets, box.content, box.end) : []));
    start = box.end;
  }
  return boxes;
}

/** The film with `gap` zero octets in the middle of its media data, and where they begin. The index must be at the front. */
export function spreadFilm(film: Buffer, gap: number): { readonly octets: Buffer; readonly gapAt: number } {
  const octets = Buffer.from(film);
  const boxes = boxesOf(octets, 0, octets.length);
  const mdat = boxes.find(({ type }) => type === 'mdat');
  if (mdat === undefined) throw new Error('no media data');
  const places = boxes
    .filter(({ type }) => type === 'stco')
    .flatMap(({ content }) => Array.from({ length: octets.readUInt32BE(content + 4) }, (_, index) => content + 8 + index * 4));
  const middle = (mdat.content + mdat.end) / 2;
  const gapAt = Math.min(...places.map((place) => octets.readUInt32BE(place)).filter((offset) => offset >= middle));
  for (const place of places) {
    const offset = octets.readUInt32BE(place);
    if (offset >= gapAt) octets.writeUInt32BE(offset + gap, place);
  }
  octets.writeUInt32BE(mdat.end - mdat.start + gap, mdat.start);
  return { octets: Buffer.concat([octets.subarray(0, gapAt), Buffer.alloc(gap), octets.subarray(gapAt)]), gapAt };
}
