// The one writer of stderr: lines, and above all of them the bars that are being drawn. Lines and
// bars share a screen, so they must share a pen.

import type { MultiBar, SingleBar } from 'cli-progress';
import cliProgress from 'cli-progress';

export interface Terminal {
  /** Whether bars and colours make sense. */
  readonly interactive: boolean;
  writeLine(text: string): void;
  /** A bar below all lines; undefined where bars make no sense. */
  addBar(format: string, total: number): Bar | undefined;
}

export interface Bar {
  update(value: number, payload: Readonly<Record<string, string>>): void;
  /** Leaves the bar as it stands. */
  stop(): void;
}

export function createTerminal(stream: NodeJS.WriteStream): Terminal {
  let bars: MultiBar | undefined;
  const active = new Set<SingleBar>();
  return {
    interactive: stream.isTTY,
    writeLine: (text) => {
      if (bars === undefined) {
        stream.write(`${text}\n`);
        return;
      }
      bars.log(`${text}\n`);
      bars.update();
    },
    addBar: (format, total) => {
      if (!stream.isTTY) return undefined;
      bars ??= new cliProgress.MultiBar({
        stream,
        format,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 20,
        hideCursor: true,
        clearOnComplete: false,
        stopOnComplete: false,
        gracefulExit: false,
        emptyOnZero: true,
      });
      const owner = bars;
      const bar = owner.create(total, 0, {}, { format });
      active.add(bar);
      return {
        update: (value, payload) => bar.update(value, payload),
        stop: () => {
          active.delete(bar);
          if (active.size > 0) return;
          owner.update();
          owner.stop();
          bars = undefined;
        },
      };
    },
  };
}
