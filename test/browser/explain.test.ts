// The page of an explanation: self-contained, safe whatever strangers wrote, readable aloud, within the window and on paper.

import { expect } from 'chai';
import { createExplainer, renderExplanation, type StoryMessage } from '../../src/fetch/index.js';
import type { Phase } from '../../src/fetch/model.js';
import { itWith } from '../helpers/programs.js';
import { useBrowser } from './browser.js';

const HOSTILE = '</title><script>document.title="forged"</script><img src=http://127.0.0.1:1/x onerror=alert(1)>"\'&\u202e';

async function pageOf(what: string): Promise<string> {
  const explainer = createExplainer(what);
  const party = (role: string, port: number) => ({ role, endpoint: { address: '127.0.0.1', port } });
  const message = (over: Partial<StoryMessage>): StoryMessage => ({ number: 3, atMs: 1, sight: 'seen', transport: 'udp', facts: {}, what, from: party('client', 5000), to: party('local DNS', 53), ...over });
  const phase = (over: Partial<Phase>): Phase => ({ kind: 'dns', label: what, party: party(what, 53), sight: 'seen', startMs: 0, endMs: 40, ...over });
  explainer.hear({ kind: 'begun', traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), atWallMs: 1_000 });
  for (const one of [message({}), message({ number: 4, sight: 'not-sent' }), message({ number: 9, to: party(what, 80), facts: { failed: what } })]) explainer.hear({ kind: 'message', message: one });
  for (const one of [phase({}), phase({ sight: 'told' }), phase({ kind: 'transfer', startMs: 40, endMs: 100, bytes: 5, failed: what })]) explainer.hear({ kind: 'phase', phase: one });
  return Buffer.from(await renderExplanation('html', explainer.finish({ error: new Error(what) }), explainer.wire, 80)).toString('utf8');
}

describe('the page of an explanation', function () {
  this.timeout(60_000);
  const open = useBrowser();

  itWith('chromium', 'runs nothing and loads nothing, whatever strangers wrote', async (program) => {
    const { page, problems, answers } = await open(program);
    await page.setContent(await pageOf(HOSTILE));
    expect(await page.title()).to.include('</title><script>');
    expect(await page.locator('script, img, iframe, object, link, a').count()).to.equal(0);
    expect([problems, answers]).to.deep.equal([[], []]);
  });

  itWith('chromium', 'says in words what it draws', async (program) => {
    const { page } = await open(program);
    await page.setContent(await pageOf('A? a.test (RD=1)'));
    expect(await page.getByRole('img').count()).to.equal(2);
    expect(await page.getByRole('img', { name: 'Sequence diagram' }).locator('g > title').allTextContents()).to.deep.equal([
      '3. client 127.0.0.1:5000 to local DNS 127.0.0.1:53, after 1.0 ms: A? a.test (RD=1)', '4 A? a.test (RD=1)', '9. client 127.0.0.1:5000 to A? a.test (RD=1) 127.0.0.1:80, after 1.0 ms: A? a.test (RD=1)',
    ]);
    expect(await page.getByRole('img', { name: 'Waterfall' }).locator('g > title').allTextContents()).to.have.length(3);
    expect(await page.getByRole('table', { name: 'The messages, in order' }).getByRole('row').count()).to.equal(4);
    expect(await page.getByRole('table', { name: 'The bars, in words' }).getByRole('rowheader').count()).to.equal(3);
    expect(await page.getByRole('heading', { level: 1 }).count()).to.equal(1);
  });

  it('names every party of the network whole', async () => expect(await pageOf('authority of hiscinema.com')).to.include('>authority of hiscinema.com</text>'));

  for (const width of [360, 1000]) {
    itWith('chromium', `fits a window of ${width}, in the colours of light and dark`, async (program) => {
      const { page } = await open(program, { viewport: { width, height: 700 }, colorScheme: 'dark' });
      await page.setContent(await pageOf(`http://media.test/${'x'.repeat(300)}`));
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(width);
      const dark = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).to.not.equal(dark);
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'paper is white').to.equal('rgb(255, 255, 255)');
    });
  }
});
