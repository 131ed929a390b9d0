// An explanation in the form that was asked for. Each form is loaded when it is asked for: a fetch that
// explains nothing starts without them.

import type { WireRecord } from '../model.js';
import type { Explanation } from './explanation.js';

export const EXPLAIN_FORMATS = ['text', 'json', 'mermaid', 'html', 'pcap'] as const;
export type ExplainFormat = (typeof EXPLAIN_FORMATS)[number];

/** What a file of each form is usually called, and whether a terminal can show it. */
export const EXPLAIN_FILES: Readonly<Record<ExplainFormat, { readonly suffix: string; readonly legible: boolean }>> = {
  text: { suffix: '.txt', legible: true },
  json: { suffix: '.json', legible: true },
  mermaid: { suffix: '.mmd', legible: true },
  html: { suffix: '.html', legible: false },
  pcap: { suffix: '.pcapng', legible: false },
};

export async function renderExplanation(format: ExplainFormat, explanation: Explanation, wire: readonly WireRecord[], columns: number): Promise<Uint8Array> {
  switch (format) {
    case 'text': {
      const { formatText } = await import('./text.js');
      return Buffer.from(formatText(explanation, columns), 'utf8');
    }
    case 'json':
      return Buffer.from(`${JSON.stringify(explanation, undefined, 2)}\n`, 'utf8');
    case 'mermaid': {
      const { formatMermaid } = await import('./mermaid.js');
      return Buffer.from(formatMermaid(explanation), 'utf8');
    }
    case 'html': {
      const { formatHtml } = await import('./html.js');
      return Buffer.from(formatHtml(explanation), 'utf8');
    }
    case 'pcap': {
      const { formatPcap } = await import('./pcap.js');
      return formatPcap(explanation, wire);
    }
  }
}
