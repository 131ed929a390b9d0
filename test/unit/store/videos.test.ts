// The clips in videos/: short, small, seekable from the first octet, playable everywhere.

import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { scanFolder } from '../../../src/catalog/index.js';
import { PROJECT } from '../../helpers/process.js';
import { itWith } from '../../helpers/programs.js';

const FOLDER = path.join(PROJECT, 'videos');
const FILES = [1, 2, 3, 4, 5].map((number) => `video${number}.mp4`);

/** The boxes of the top level, in order (ISO/IEC 14496-12 §4.2). */
function topBoxes(octets: Buffer): string[] {
  const boxes: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const size = octets.readUInt32BE(at);
    boxes.push(octets.toString('latin1', at + 4, at + 8));
    at += size === 1 ? Number(octets.readBigUInt64BE(at + 8)) : size === 0 ? octets.length : size;
  }
  return boxes;
}

interface Probed {
  readonly streams: readonly { readonly codec_name: string; readonly pix_fmt?: string; readonly duration: string }[];
  readonly format: { readonly tags: Readonly<Record<string, string>> };
}

describe('videos/', () => {
  it('is the catalog of File1 to File5', async () => {
    expect((await scanFolder(FOLDER)).titles.map(({ file }) => file)).to.deep.equal(FILES);
  });

  for (const [index, file] of FILES.entries()) {
    it(`${file} is under 1 MB, and large enough for its transfer to be seen`, () => {
      expect(readFileSync(path.join(FOLDER, file)).length).to.be.within(500_000, 999_999);
    });

    it(`${file} has its index before its data`, () => {
      const boxes = topBoxes(readFileSync(path.join(FOLDER, file)));
      expect(boxes).to.include.members(['ftyp', 'moov', 'mdat']);
      expect(boxes.indexOf('moov')).to.be.lessThan(boxes.indexOf('mdat'));
    });

    itWith('ffprobe', `${file} is H.264 and AAC, 10 to 20 s long, and knows its title`, (ffprobe) => {
      const printed = execFileSync(ffprobe, ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', path.join(FOLDER, file)], { encoding: 'utf8' });
      const { streams, format } = JSON.parse(printed) as Probed;
      expect(streams.map((stream) => stream.codec_name)).to.deep.equal(['h264', 'aac']);
      expect(streams[0]?.pix_fmt).to.equal('yuv420p');
      for (const stream of streams) expect(Number(stream.duration)).to.be.within(10, 20);
      expect(format.tags['title']).to.match(new RegExp(`^File${index + 1} · `));
    });

    itWith('ffprobe', `${file} can be sought to every second`, (ffprobe) => {
      const printed = execFileSync(ffprobe, ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', path.join(FOLDER, file)], { encoding: 'utf8' });
      const keyTimes = printed.split('\n').filter((line) => line.includes(',K')).map((line) => Number(line.split(',')[0]));
      expect(keyTimes).to.deep.equal(Array.from({ length: 15 }, (_, second) => second));
    });
  }
});
