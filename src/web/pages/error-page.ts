// The page for what did not work: what it was, whose fault, what to do next.

import { PUBLISHER_ZONE } from '../../catalog/index.js';
import { html, type Html } from '../html.js';
import { command, layout } from './layout.js';

export interface ErrorPage {
  /** From 502 on it may be worth trying again. */
  readonly status: number;
  readonly code?: string | undefined;
  readonly title: string;
  readonly message: string;
  /** Commands, or plain sentences. */
  readonly suggestions: readonly string[];
}

/** A suggestion that begins with a program's name (and, maybe, its environment) is a command, and may be explained: "cdn dns   (starts …)". */
const COMMAND = /^((?:[A-Z_]+=\S+ )?(?:cdn|dig|curl|npm|npx|df|ls)\b.*?)(?: {2,}\((.+)\))?$/;

function suggestion(text: string): Html {
  const match = COMMAND.exec(text);
  if (match === null) return html`<p>${text}</p>`;
  return html`<div class="suggestion">${command(match[1] ?? '')}${match[2] === undefined ? undefined : html`<p>${match[2]}</p>`}</div>`;
}

export function errorPage(error: ErrorPage): Html {
  return layout(
    `${error.title} – ${PUBLISHER_ZONE}`,
    html`<section class="error">
<p class="status">${error.status}</p>
<h1>${error.title}</h1>
<p class="message">${error.message}</p>
${error.suggestions.length === 0 ? undefined : html`<h2>What to do next</h2>\n${error.suggestions.map(suggestion)}`}
<p class="actions">${error.status >= 502 ? html`<a class="button" href="">Try again</a> ` : undefined}<a class="button" href="/">Home</a></p>
${error.code === undefined ? undefined : html`<p class="code">Error code <code>${error.code}</code></p>`}
</section>`,
  );
}
