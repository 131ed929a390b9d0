export { ANY_VIDEO_LABEL, CDN_ZONE, PUBLISHER_ZONE, createCatalog, findTitle, type Catalog, type Title } from './catalog.js';
export { scanFolder } from './scan.js';
