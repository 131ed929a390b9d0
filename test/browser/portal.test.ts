// What a visitor sees and hears: a real browser on the portal.

import { expect } from 'chai';
import { itWith } from '../helpers/programs.js';
import { useServers } from '../service/web/harness.js';
import { FILMS, film, play, playedBeyond, seek, useBrowser, videoState } from './browser.js';
import { spreadFilm } from './spread-film.js';

describe('the portal in a browser', function () {
  this.timeout(60_000);
  const { startStore, startPortal } = useServers();
  const openBrowser = useBrowser();

  itWith('chromium', 'shows five titles, each with a way to its page', async (program) => {
    const portal = await startPortal(await startStore(), { files: FILMS });
    const { page, problems } = await openBrowser(program);
    await page.goto(portal.url);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).to.equal('Now showing');
    const links = page.getByRole('main').getByRole('link');
    expect(await links.count()).to.equal(5);
    for (const number of [1, 2, 3, 4, 5]) expect(await page.getByRole('link', { name: `File${number}`, exact: true }).count()).to.equal(1);
    await page.getByRole('link', { name: 'File3', exact: true }).click();
    await page.waitForURL('**/F3/');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).to.equal('File3');
    expect(problems).to.deep.equal([]);
  });

  itWith('chromium', 'plays, and plays on after a seek', async (program) => {
    const store = await startStore();
    store.octets = film(1);
    const portal = await startPortal(store, { files: FILMS });
    const { page, problems, answers } = await openBrowser(program);
    await page.goto(`${portal.url}/F1/`);
    await play(page);
    await playedBeyond(page, 0.5);
    const { duration } = await videoState(page);
    await seek(page, duration - 4);
    await playedBeyond(page, duration - 3);
    expect(answers).to.include(`206 ${portal.url}/static/downloadedvideo1.mp4 0`);
    expect(problems).to.deep.equal([]);
  });

  itWith('chromium', 'plays while the relay is still receiving, and seeks with 206 into what comes later', async (program) => {
    const { octets, gapAt } = spreadFilm(film(2), 16_000_000);
    const store = await startStore();
    store.octets = octets;
    store.allow(gapAt);
    const portal = await startPortal(store, { files: FILMS });
    const { page, problems, answers } = await openBrowser(program);
    await page.goto(`${portal.url}/F2/`);
    expect(await page.getByRole('main').innerText()).to.include('is receiving it');
    await play(page);
    await playedBeyond(page, 1);
    const { duration } = await videoState(page);
    const ahead = page.waitForRequest((request) => Number(/^bytes=(\d+)-/.exec(request.headers()['range'] ?? '')?.[1]) > gapAt);
    await seek(page, duration - 2);
    await ahead;
    expect(portal.lines.map(({ message }) => message)).to.not.include('Download Complete!');
    store.allow(Infinity);
    await playedBeyond(page, duration - 1.5);
    const firsts = answers.filter((answer) => answer.startsWith('206 ')).map((answer) => Number(answer.split(' ')[2]));
    expect(Math.max(...firsts)).to.be.above(gapAt);
    expect(store.requests).to.deep.equal(['GET /video2.mp4']);
    expect(problems).to.deep.equal([]);
  });

  itWith('chromium', "plays from the store's own address in direct mode", async (program) => {
    const store = await startStore();
    store.octets = film(3);
    const portal = await startPortal(store, { files: FILMS, mode: 'direct' });
    const { page, problems, answers } = await openBrowser(program);
    await page.goto(`${portal.url}/F3/`);
    await play(page);
    await playedBeyond(page, 0.5);
    const origin = `http://127.0.0.1:${store.endpoint.port}`;
    expect((await videoState(page)).source).to.equal(`${origin}/video3.mp4`);
    expect(answers.filter((answer) => answer.includes(origin))).to.not.deep.equal([]);
    expect(answers.filter((answer) => answer.includes('/static/'))).to.deep.equal([]);
    expect(problems).to.deep.equal([]);
  });

  itWith('chromium', 'can be used with a keyboard alone', async (program) => {
    const store = await startStore();
    store.octets = film(1);
    const portal = await startPortal(store, { files: FILMS });
    const { page } = await openBrowser(program);
    await page.goto(portal.url);
    const focused = (): Promise<string> => page.evaluate(`document.activeElement.getAttribute('href')`);
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('#main');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('/F1/');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/F1/');
    const video = page.locator('video');
    await video.evaluate('(video) => { video.muted = true; }');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.tagName`)).to.equal('VIDEO');
    await page.keyboard.press('Space');
    await playedBeyond(page, 0.3);
  });

  itWith('chromium', 'shows a hostile file name as text, and runs nothing of it', async (program) => {
    const store = await startStore();
    store.octets = film(4);
    const name = `"><img src=x onerror=document.title='run'><script>document.title='run'</script>.mp4`;
    const portal = await startPortal(store, { files: [name] });
    const { page, problems } = await openBrowser(program);
    for (const path of ['/', '/F1/']) {
      await page.goto(portal.url + path);
      expect(await page.getByRole('main').innerText()).to.include(name);
      expect(await page.title()).to.equal(path === '/' ? 'hiscinema.com: now showing' : `${name.slice(0, -'.mp4'.length)} – hiscinema.com`);
    }
    await play(page);
    await playedBeyond(page, 0.2);
    expect(problems).to.deep.equal([]);
  });

  for (const width of [320, 375, 1280]) {
    itWith('chromium', `never needs scrolling sideways, ${width} pixels wide, in the light and in the dark`, async (program) => {
      const store = await startStore();
      const portal = await startPortal(store, { files: [`${'long'.repeat(30)}.mp4`, 'b.mp4'] });
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await openBrowser(program, { viewport: { width, height: 700 }, colorScheme });
        for (const path of ['/', '/F1/', '/nope']) {
          await page.goto(portal.url + path);
          const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
          expect(beyond, path).to.equal(0);
        }
        const [ground, ink] = await page.evaluate<string[]>('[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]');
        const brightness = (colour: string | undefined): number => Number(/\d+/.exec(colour ?? '')?.[0]);
        expect(brightness(ground) > brightness(ink)).to.equal(colorScheme === 'light');
      }
    });
  }

  itWith('chromium', 'says what failed in its own style when the store is down', async (program) => {
    const store = await startStore();
    const portal = await startPortal(store, { files: FILMS });
    await store.stop();
    const { page } = await openBrowser(program);
    const answer = await page.goto(`${portal.url}/F1/`);
    expect(answer?.status()).to.equal(502);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).to.equal('The store is not answering');
    await page.getByRole('link', { name: 'Home', exact: true }).click();
    await page.waitForURL(`${portal.url}/`);
  });
});
