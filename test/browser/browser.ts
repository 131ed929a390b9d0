// A browser for tests, its pages watched for errors; and the portal and store it looks at.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { PROJECT } from '../helpers/process.js';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** One of the five films that come with the program. */
export const film = (number: number): Buffer => readFileSync(path.join(PROJECT, 'videos', `video${number}.mp4`));
export const FILMS = [1, 2, 3, 4, 5].map((number) => `video${number}.mp4`);

export interface WatchedPage {
  readonly page: Page;
  /** What the console said as an error, and what was thrown. */
  readonly problems: string[];
  /** Status, URL and first octet (by Content-Range) of each answer: "206 http://… 4096". */
  readonly answers: string[];
}

/** Call it in a `describe`: browsers are closed after each test. */
export function useBrowser() {
  const browsers: Browser[] = [];
  afterEach('close browsers', async () => {
    for (const browser of browsers.splice(0)) await browser.close();
  });
  return async (program: string, options: BrowserContextOptions = {}): Promise<WatchedPage> => {
    const browser = await chromium.launch({ executablePath: program, args: ARGS });
    browsers.push(browser);
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
    const page = await context.newPage();
    const problems: string[] = [];
    const answers: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('response', (response) => {
      const first = /^bytes (\d+)-/.exec(response.headers()['content-range'] ?? '')?.[1] ?? '';
      answers.push(`${response.status()} ${response.url()} ${first}`.trim());
    });
    return { page, problems, answers };
  };
}

/** Resolves when the page's video has played beyond this time, and not before; rejects if it can't play. */
export async function playedBeyond(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`new Promise((resolve, reject) => {
    const video = document.querySelector('video');
    const look = () => { if (!video.seeking && video.currentTime > ${seconds}) resolve(); };
    const fail = () => reject(new Error('the video failed: ' + video.error?.message));
    video.addEventListener('timeupdate', look);
    video.addEventListener('error', fail);
    if (video.error) fail();
    look();
  })`);
}

export function videoState(page: Page): Promise<{ time: number; paused: boolean; source: string; duration: number }> {
  return page.evaluate(`(() => {
    const video = document.querySelector('video');
    return { time: video.currentTime, paused: video.paused, source: video.currentSrc, duration: video.duration };
  })()`);
}

/** As a script of the page may: without sound, so that no gesture is needed. */
export async function play(page: Page): Promise<void> {
  await page.evaluate(`(async () => { const video = document.querySelector('video'); video.muted = true; await video.play(); })()`);
}

export async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`document.querySelector('video').currentTime = ${seconds}`);
}
