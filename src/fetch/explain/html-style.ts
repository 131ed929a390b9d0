// How the page of an explanation looks: on a screen, light or dark, and on paper.

export const STYLE = `
:root{--ink:#1b1b1f;--soft:#55565c;--line:#c9cad1;--paper:#fff;--band:#f4f4f7;--dns:#7a4fb5;--connect:#b0620a;--wait:#5f6b7a;--transfer:#1f7a45;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8ec;--soft:#a9abb3;--line:#44464e;--paper:#17181b;--band:#212328;--dns:#b99af0;--connect:#f0a75a;--wait:#9aa7b8;--transfer:#6fcf97;--bad:#ff8a80}}
body{margin:0;overflow-wrap:anywhere;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.2rem;margin-top:2rem}
.target,.at,svg text{font-family:ui-monospace,"DejaVu Sans Mono",monospace}.at,.small{color:var(--soft);font-size:.85em}
svg{display:block;width:100%;height:auto;margin:.5rem 0 1rem}svg text{fill:var(--ink);font-size:12px}svg .soft{fill:var(--soft)}
.life{stroke:var(--line);stroke-dasharray:3 4}.actor{fill:var(--band);stroke:var(--line)}.note{fill:var(--band)}.grid{stroke:var(--line)}
.arrow{stroke:var(--ink);stroke-width:1.4}.told .arrow{stroke-dasharray:5 3}.head{fill:var(--ink)}.failed .arrow{stroke:var(--bad)}.failed .head,.failed text{fill:var(--bad)}
.dns{fill:var(--dns)}.connect{fill:var(--connect)}.wait{fill:var(--wait)}.transfer{fill:var(--transfer)}.within{opacity:.6}.broken{stroke:var(--bad);stroke-width:2}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.88rem}caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{border-top:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}tbody th{font-weight:600}.key{white-space:nowrap}.n{text-align:right;white-space:nowrap}.not-sent,.not-visible{color:var(--soft)}.at{display:inline-block}
@media print{@page{margin:12mm}:root{--ink:#000;--soft:#444;--line:#999;--paper:#fff;--band:#f2f2f2;--dns:#7a4fb5;--connect:#b0620a;--wait:#5f6b7a;--transfer:#1f7a45;--bad:#b3261e}body{font-size:10pt}main{max-width:none;padding:0}.wide{overflow:visible}tr,figure{break-inside:avoid}thead{display:table-header-group}*{print-color-adjust:exact}}
`;
