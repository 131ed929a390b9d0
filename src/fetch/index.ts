// The door of the client: from a title or a URL to verified bytes in a file.

export { createFetcher } from './fetcher.js';
export { parseTraceName, traceName, type TraceReport } from './trace.js';
export { formatStory } from './explain.js';
export { createExplainer, type ExplainEnd, type Explanation } from './explain/explanation.js';
export { EXPLAIN_FILES, EXPLAIN_FORMATS, renderExplanation, type ExplainFormat } from './explain/render.js';
export { createTurn, isTurn, turnLine, turnWords } from './explain/turns.js';
export { formatEnding } from './explain/text.js';
export type {
  FetchEnv, FetchEvent, FetchOptions, FetchOutput, FetchReport, FetchRequest, Fetcher, OpenResult, Party, Sight, StoryMessage,
} from './model.js';
