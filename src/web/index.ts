export { createPortal, type Portal, type PortalEnv } from './portal.js';
export type { Content, ContentSource, PortalMode, PortalOptions } from './content-source.js';
