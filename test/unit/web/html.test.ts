// What strangers write stays text: in pages.

import { expect } from 'chai';
import { escapeHtml, html, trusted } from '../../../src/web/html.js';
import { formatPagePolicy } from '../../../src/web/security-fields.js';

describe('html', () => {
  it('escapes what has a meaning between tags and in quoted attributes', () => {
    expect(escapeHtml(`<a b="c" d='e'>&amp;`)).to.equal('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;');
  });

  it('shows control characters and turns of direction as U+FFFD, and leaves other text alone', () => {
    expect(escapeHtml('a\u0000b\u001bc\u0085d\u202ee\u2066f')).to.equal('a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf');
    expect(escapeHtml('映画 סרט\tfilm\n')).to.equal('映画 סרט\tfilm\n');
  });

  it('escapes every value of a template, lists too, but no markup twice', () => {
    const inner = html`<i>${'<'}</i>`;
    expect(html`<p title="${'"'}">${[inner, '>', 7]}${undefined}</p>`.markup).to.equal('<p title="&quot;"><i>&lt;</i>&gt;7</p>');
    expect(html`${trusted('<hr>')}`.markup).to.equal('<hr>');
  });
});

describe('formatPagePolicy', () => {
  for (const [url, media] of [
    [undefined, "media-src 'self';"],
    ['http://127.0.0.2:40721/a.mp4', "media-src 'self' http://127.0.0.2:40721;"],
    ['http://[::1]:40721/a.mp4', "media-src 'self' http:;"],
  ] as const) {
    it(`${url ?? 'relay'} -> ${media}`, () => expect(formatPagePolicy(url === undefined ? undefined : new URL(url))).to.include(media));
  }
});
