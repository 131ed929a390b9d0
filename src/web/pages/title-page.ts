// The page of one title: the player, and the way the film took to it.

import { shellWord } from '../../base/printable.js';
import { PUBLISHER_ZONE, type Title } from '../../catalog/index.js';
import { formatBytes } from '../../base/units.js';
import { html, type Html } from '../html.js';
import { filmName } from './film-name.js';
import { command, layout } from './layout.js';

/** How the film gets to the browser, as far as the portal knows. */
export type Delivery =
  | {
      readonly kind: 'relay';
      /** The store it comes from: "127.0.0.2:40721". */
      readonly store: string;
      readonly length: number | undefined;
      readonly complete: boolean;
      readonly sha256: Uint8Array | undefined;
    }
  | { readonly kind: 'direct'; readonly store: string };

export interface TitlePage {
  readonly title: Title;
  /** What the player plays. */
  readonly source: string;
  /** The object at the store, for tools. */
  readonly storeUrl: string;
  readonly delivery: Delivery;
  readonly previous: Title | undefined;
  readonly next: Title | undefined;
}

function step(role: string, what: string, detail: string | undefined): Html {
  return html`<li><strong>${role}</strong><span>${what}</span>${detail === undefined ? undefined : html`<code>${detail}</code>`}</li>\n`;
}

function journey({ title, delivery }: TitlePage): Html {
  const dns = step('DNS', `sent ${title.contentName} on to ${title.cdnName} and picked a store`, undefined);
  if (delivery.kind === 'direct') return html`${dns}${step('Store', 'plays to your browser itself', delivery.store)}${step('Browser', 'receives the film; no byte of it passes the portal', undefined)}`;
  const size = delivery.length === undefined ? 'the film' : formatBytes(delivery.length);
  const state = delivery.complete ? `has all of it (${size}) and plays it to you` : `is receiving it (${size}) and plays it to you meanwhile`;
  return html`${dns}${step('Store', 'sends the film to the portal, once for all viewers', delivery.store)}${step('Portal', state, undefined)}`;
}

function fact(name: string, value: string | undefined): Html | undefined {
  return value === undefined ? undefined : html`<div><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>\n`;
}

function neighbour(title: Title | undefined, rel: 'prev' | 'next'): Html {
  if (title === undefined) return html`<span></span>`;
  const label = rel === 'prev' ? html`<span aria-hidden="true">← </span><bdi>${filmName(title)}</bdi>` : html`<bdi>${filmName(title)}</bdi><span aria-hidden="true"> →</span>`;
  return html`<a rel="${rel}" href="${title.page}"><span class="hidden">${rel === 'prev' ? 'Previous: ' : 'Next: '}</span>${label}</a>`;
}

export function titlePage(page: TitlePage): Html {
  const { title, delivery, source, storeUrl } = page;
  const name = filmName(title);
  const sha256 = delivery.kind === 'relay' && delivery.sha256 !== undefined ? Buffer.from(delivery.sha256).toString('hex') : undefined;
  return layout(
    `${name} – ${PUBLISHER_ZONE}`,
    html`<article class="title">
<h1><bdi>${name}</bdi></h1>
<div class="screen"><video controls playsinline preload="metadata" width="1280" height="720" src="${source}" aria-label="${name}, ${title.file}">
<p>This browser plays no video. <a href="${source}">Download ${title.file}</a> instead.</p>
</video></div>
<nav class="neighbours" aria-label="Other titles">${neighbour(page.previous, 'prev')}<a href="/">All titles</a>${neighbour(page.next, 'next')}</nav>
<div class="columns">
<section><h2>How it reaches you</h2>
<ol class="journey">
${journey(page)}</ol>
</section>
<section><h2>Its names</h2>
<dl class="facts">
${fact('Title', `${PUBLISHER_ZONE}/${title.title}`)}${fact('Content name', title.contentName)}${fact('At the CDN', title.cdnName)}${fact('File', title.file)}${fact('At the store', storeUrl)}${fact('SHA-256', sha256)}</dl>
</section>
</div>
<section class="aside"><h2>Try it in a terminal</h2>
<p>Fetch it as the portal does, each message told:</p>
${command(`cdn fetch ${PUBLISHER_ZONE}/${title.title} --explain`)}
<p>Ask the store for a thousand bytes of it:</p>
${command(`curl -r 0-999 -o part ${shellWord(storeUrl)}`)}
</section>
</article>`,
  );
}
