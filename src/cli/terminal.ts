// The one writer of stderr: lines, and above all of them the bars that are being drawn. Lines and
// bars share a screen, so they must share a pen.

import type { MultiBar, SingleBar } from 'cli-progress';
import cliProgress from 'cli-progress';

export interface Terminal {
  /** Whether bars and colours make sense. */
  readonly interactive: boolean;
  writeLine(text: string): void;
  /** A bar below all lines; undefined where bars make no sense. `restWidth`: columns of a line that the bar itself doesn't take. */
  addBar(format: string, total: number, restWidth: number): Bar | undefined;
  /** Leaves the screen as it was found: cursor shown, lines wrapped. Bars stay as they stand. */
  restore(): void;
}

export interface Bar {
  update(value: number, payload: Readonly<Record<string, string>>): void;
  /** Leaves the bar as it stands. */
  stop(): void;
}

/** Long lines wrap while they are written, also above a bar, whose own line is cut to the screen. */
const WRAP = '\x1b[?7h';
const NO_WRAP = '\x1b[?7l';
/** What stands below was a bar. */
const CLEAR_BELOW = '\x1b[0J';

const BAR_COLUMNS = { least: 5, most: 20 } as const;

export function createTerminal(stream: NodeJS.WriteStream): Terminal {
  let bars: MultiBar | undefined;
  // Who read the log has left, or its disk is full: the lines are lost, the service goes on.
  stream.removeAllListeners('error');
  stream.on('error', () => undefined);
  const write = (text: string): void => {
    try {
      stream.write(text);
    } catch {
      // A file behind the stream is written to at once, and throws at once.
    }
  };
  const active = new Set<SingleBar>();
  return {
    interactive: stream.isTTY,
    writeLine: (text) => {
      if (bars === undefined) {
        write(`${text}\n`);
        return;
      }
      bars.log(`${CLEAR_BELOW}${WRAP}${text}\n${NO_WRAP}`);
      bars.update();
    },
    restore: () => {
      bars?.stop();
      bars = undefined;
      active.clear();
    },
    addBar: (format, total, restWidth) => {
      if (!stream.isTTY) return undefined;
      bars ??= new cliProgress.MultiBar({
        stream,
        format,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        hideCursor: true,
        clearOnComplete: false,
        stopOnComplete: false,
        gracefulExit: false,
        emptyOnZero: true,
      });
      const owner = bars;
      const barsize = Math.max(BAR_COLUMNS.least, Math.min(BAR_COLUMNS.most, stream.columns - restWidth));
      const bar = owner.create(total, 0, {}, { format, barsize });
      active.add(bar);
      return {
        update: (value, payload) => bar.update(value, payload),
        stop: () => {
          if (!active.delete(bar) || active.size > 0) return;
          owner.update();
          owner.stop();
          bars = undefined;
        },
      };
    },
  };
}
