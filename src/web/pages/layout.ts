// What all pages have in common: head, header and footer.

import { PUBLISHER_ZONE } from '../../catalog/index.js';
import { STYLE_PATH, FAVICON_PATH } from '../assets/index.js';
import { html, type Html } from '../html.js';

const MARK = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><circle cx="16" cy="16" r="15"/><path d="M12.5 9.6v12.8a.8.8 0 0 0 1.2.7l10.4-6.4a.8.8 0 0 0 0-1.4L13.7 8.9a.8.8 0 0 0-1.2.7z"/></svg>`;

export function layout(title: string, main: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${FAVICON_PATH}">
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">${MARK}<span>${PUBLISHER_ZONE}</span></a>
<p class="carrier">delivered by <strong>herCDN</strong></p>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer class="foot">
<ul>
<li><a href="/">All titles</a></li>
<li><a href="/catalog.json">catalog.json</a></li>
<li><a href="/_cdn/health">health</a></li>
</ul>
</footer>
</body>
</html>
`;
}

/** A command to copy. */
export function command(text: string): Html {
  return html`<pre class="command"><code>${text}</code></pre>`;
}
