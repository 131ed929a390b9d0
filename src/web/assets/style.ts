// The style of all pages. Colours stand once, as custom properties, for light and dark.

export const STYLE = `:root {
  color-scheme: light dark;
  --ground: #faf6ef;
  --raised: #fffdf9;
  --ink: #221b16;
  --soft: #6a5d52;
  --line: #e4dacb;
  --accent: #b3301a;
  --on-accent: #fff8ee;
  --code: #f1e9dc;
  --shadow: 0 1px 2px rgb(60 40 20 / .08), 0 8px 24px rgb(60 40 20 / .08);
  --text: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --display: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "Noto Serif", "Liberation Serif", serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15110f;
    --raised: #201a17;
    --ink: #f4ebe0;
    --soft: #b3a396;
    --line: #382e28;
    --accent: #ff8a66;
    --on-accent: #2a0d05;
    --code: #2a221d;
    --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 8px 24px rgb(0 0 0 / .35);
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  display: flex;
  flex-direction: column;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 var(--text);
}
h1, h2 { font-family: var(--display); line-height: 1.15; text-wrap: balance; overflow-wrap: anywhere; margin: 0; }
h1 { font-size: clamp(2.2rem, 6vw, 3.4rem); font-weight: 600; letter-spacing: -.015em; }
h2 { font-size: 1.35rem; font-weight: 600; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
main:focus { outline: none; }
code, pre, .url, .file { font-family: var(--mono); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: .5rem 1rem; background: var(--accent); color: var(--on-accent); border-radius: 0 0 8px 8px; z-index: 1; }
.skip:focus { top: 0; }

.top, main, .foot { width: 100%; max-width: 72rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
.top { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 1.5rem; padding-block: 1.25rem; }
.brand { display: inline-flex; align-items: center; gap: .6rem; color: var(--ink); text-decoration: none; font: 600 1.25rem/1 var(--display); }
.brand:hover span { text-decoration: underline; text-decoration-thickness: 1px; }
.mark { width: 1.9rem; height: 1.9rem; }
.mark circle { fill: var(--accent); }
.mark path { fill: var(--on-accent); }
.carrier { color: var(--soft); font-size: .9rem; }
.carrier strong { color: var(--ink); font-weight: 600; }
main { flex: 1; padding-block: clamp(1rem, 3vw, 2rem) 4rem; }
.foot { padding-block-end: 2rem; color: var(--soft); font-size: .9rem; }
.foot ul { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; list-style: none; margin: 0; padding: 1.25rem 0 0; border-block-start: 1px solid var(--line); }
.foot a { color: inherit; }

.hero { display: grid; gap: .75rem; margin-block-end: 2.25rem; }
.hero p { max-width: 38rem; color: var(--soft); font-size: 1.1rem; text-wrap: pretty; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 2rem 1.5rem; list-style: none; margin: 0; padding: 0; }
.card { min-width: 0; position: relative; }
.cover { display: block; color: inherit; text-decoration: none; }
.cover::after { content: ""; position: absolute; inset: 0; border-radius: 12px; }
.cover:focus-visible { outline: none; }
.cover:focus-visible::after { outline: 3px solid var(--accent); outline-offset: 4px; }
.poster { display: block; width: 100%; aspect-ratio: 16 / 9; border-radius: 12px; box-shadow: var(--shadow); transition: transform .18s ease; }
.card:hover .poster { transform: translateY(-3px); }
.numeral { font: 600 96px/1 var(--display); letter-spacing: -.04em; }
.name { display: block; overflow-wrap: anywhere; margin-block-start: .8rem; font: 600 1.3rem/1.2 var(--display); }
.card:hover .name { text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .18em; }
.file, .url { overflow-wrap: anywhere; font-size: .82rem; color: var(--soft); }
.file { color: var(--ink); margin-block-start: .15rem; }

.title { display: grid; gap: 1.25rem; }
.title > * { min-width: 0; }
.screen { border-radius: 14px; overflow: hidden; background: #000; box-shadow: var(--shadow); }
video { display: block; width: 100%; height: auto; max-height: 78vh; aspect-ratio: 16 / 9; background: #000; }
.screen:has(video:focus-visible) { outline: 3px solid var(--accent); outline-offset: 3px; }
video p { color: #fff; padding: 1rem; }
.neighbours { display: grid; grid-template-columns: 1fr auto 1fr; gap: 1rem; align-items: center; overflow-wrap: anywhere; }
.neighbours > :nth-child(2) { white-space: nowrap; }
.neighbours > :last-child { justify-self: end; text-align: end; }
.neighbours > :first-child { justify-self: start; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 2rem 3rem; margin-block-start: 1rem; }
.columns > * { min-width: 0; }
.journey { list-style: none; margin: 1rem 0 0; padding: 0; }
.journey li { position: relative; padding: 0 0 1.25rem 2rem; }
.journey li::before { content: ""; position: absolute; left: .2rem; top: .38rem; width: .8rem; height: .8rem; border-radius: 50%; border: 2px solid var(--accent); background: var(--ground); }
.journey li:last-child::before { background: var(--accent); }
.journey li:not(:last-child)::after { content: ""; position: absolute; left: calc(.6rem - 1px); top: 1.3rem; bottom: -.2rem; width: 2px; background: var(--line); }
.journey strong, .journey span, .journey code { display: block; }
.journey span { color: var(--soft); overflow-wrap: anywhere; }
.journey code { font-size: .9rem; }
.facts { margin: 1rem 0 0; }
.facts div { display: grid; grid-template-columns: 8rem 1fr; gap: 0 1rem; padding-block: .5rem; border-block-end: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; font: .9rem/1.6 var(--mono); overflow-wrap: anywhere; min-width: 0; }
.aside, .notice { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; margin-block-start: 2.5rem; padding: clamp(1rem, 3vw, 1.75rem); background: var(--raised); border: 1px solid var(--line); border-radius: 14px; }
.aside p, .notice p { color: var(--soft); }
.command { margin: 0; padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--code); border-radius: 8px; font-size: .9rem; }
.command code::before { content: "$ "; color: var(--soft); user-select: none; -webkit-user-select: none; }

.error { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; max-width: 44rem; padding-block: clamp(1rem, 6vw, 4rem); }
.error .status { font: 600 clamp(4rem, 18vw, 8rem)/.9 var(--display); letter-spacing: -.04em; color: var(--accent); }
.error .message { font-size: 1.1rem; overflow-wrap: anywhere; }
.error p::first-letter { text-transform: uppercase; }
.suggestion p { color: var(--soft); font-size: .9rem; padding: .25rem 1rem 0; }
.error h2 { margin-block-start: .5rem; }
.error .code { color: var(--soft); font-size: .9rem; }
.button { display: inline-block; padding: .6rem 1.4rem; border-radius: 999px; background: var(--accent); color: var(--on-accent); text-decoration: none; font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: .5rem; }
.button + .button { background: none; color: var(--accent); box-shadow: inset 0 0 0 2px var(--accent); }
.button:hover { text-decoration: underline; }

@media (max-width: 30rem) {
  .facts div { grid-template-columns: 1fr; }
}
@media (prefers-reduced-motion: reduce) {
  .poster { transition: none; }
  .card:hover .poster { transform: none; }
}
@media (prefers-contrast: more) {
  :root { --soft: var(--ink); --line: var(--ink); }
}
@media print {
  .screen, .skip, .neighbours { display: none; }
}
`;
