// The door of the client: from a title or a URL to verified bytes in a file.

export { createFetcher } from './fetcher.js';
export { formatStory } from './explain.js';
export type {
  FetchEnv, FetchEvent, FetchOptions, FetchOutput, FetchReport, FetchRequest, Fetcher, OpenResult, Party, Sight, StoryMessage,
} from './model.js';
