import { expect } from 'chai';
import { mediaTypeOf } from '../../../../src/net/http/media-type.js';

describe('media types', () => {
  const cases: readonly [file: string, type: string][] = [
    ['video1.mp4', 'video/mp4'],
    ['VIDEO1.MP4', 'video/mp4'],
    ['a.b.webm', 'video/webm'],
    ['a.m4v', 'video/mp4'],
    ['a.mkv', 'video/x-matroska'],
    ['a.ogv', 'video/ogg'],
    ['live.m3u8', 'application/vnd.apple.mpegurl'],
    ['seg.ts', 'video/mp2t'],
    ['seg.m4s', 'video/iso.segment'],
    ['manifest.mpd', 'application/dash+xml'],
    ['subs.vtt', 'text/vtt; charset=utf-8'],
    ['index.html', 'text/html; charset=utf-8'],
    ['app.json', 'application/json'],
    ['mp4', 'application/octet-stream'],
    ['noextension', 'application/octet-stream'],
    ['a.unknown', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['a.', 'application/octet-stream'],
  ];
  for (const [file, type] of cases) it(`${file} is ${type}`, () => expect(mediaTypeOf(file)).to.equal(type));
});
