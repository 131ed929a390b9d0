// The index of all titles: a page for people, and the same for programs.

import { PUBLISHER_ZONE, type Title } from '../../catalog/index.js';
import type { PortalMode } from '../content-source.js';
import { html, type Html } from '../html.js';
import { filmName } from './film-name.js';
import { command, layout } from './layout.js';
import { poster } from './poster.js';

/** A title and the port of its stores. */
export interface Listed {
  readonly title: Title;
  readonly port: number;
}

export interface IndexEntry {
  readonly title: string;
  readonly page: string;
  /** The content URL; its host name is for DNS to route. */
  readonly content: string;
  readonly object: string;
}

export interface CatalogIndex {
  readonly site: string;
  readonly titles: readonly IndexEntry[];
}

export function formatContentUrl({ title, port }: Listed): string {
  return `http://${title.contentName}:${port}${title.object}`;
}

/** What `/catalog.json` says. */
export function describeIndex(listed: readonly Listed[]): CatalogIndex {
  return {
    site: PUBLISHER_ZONE,
    titles: listed.map((entry) => ({
      title: entry.title.title,
      page: entry.title.page,
      content: formatContentUrl(entry),
      object: entry.title.objectName,
    })),
  };
}

const WAYS: Readonly<Record<PortalMode, string>> = {
  relay: 'The portal asks DNS for a store, receives the film from it, and plays it to you while it is still arriving.',
  direct: 'The portal only points the way: your browser receives the film from the store that DNS picked.',
};

function card(entry: Listed): Html {
  const { title } = entry;
  const name = filmName(title);
  return html`<li class="card">
<a class="cover" href="${title.page}">${poster(title.number)}<span class="name"><bdi>${name}</bdi></span></a>
<p class="file">${name === title.title ? undefined : `${title.title} · `}<bdi>${title.file}</bdi></p>
<p class="url"><bdi>${formatContentUrl(entry)}</bdi></p>
</li>
`;
}

export function indexPage(listed: readonly Listed[], mode: PortalMode): Html {
  const first = listed[0]?.title;
  const empty = html`<section class="notice"><h2>No films yet</h2><p>The folder that this portal looks at has no videos. Point it at one that has:</p>${command('cdn web --dir FOLDER')}</section>`;
  return layout(
    `${PUBLISHER_ZONE}: now showing`,
    html`<section class="hero">
<h1>Now showing</h1>
<p>${WAYS[mode]}</p>
</section>
${listed.length === 0 ? empty : html`<ul class="cards">\n${listed.map(card)}</ul>`}
${first === undefined ? undefined : html`<section class="aside"><h2>Watch the network at work</h2><p>The same journey in a terminal, each message numbered:</p>${command(`cdn fetch ${PUBLISHER_ZONE}/${first.title} --explain`)}</section>`}`,
  );
}
