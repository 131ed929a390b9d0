// Targets -> routes.

import { expect } from 'chai';
import { createCatalog } from '../../../src/catalog/index.js';
import { formatMediaPath, parsePath, selectRoute } from '../../../src/web/path.js';

const catalog = createCatalog(['video1.mp4', 'b.WEBM', 'no-ending', `odd."<.mp4'`]);
const [first, second, third, fourth] = catalog.titles;

function routeOf(target: string): string {
  const path = parsePath(target);
  const route = path === undefined ? undefined : selectRoute(path, catalog);
  if (route === undefined) return 'none';
  if (route.kind === 'elsewhere') return `to ${route.location}`;
  return 'title' in route ? `${route.kind} ${route.title.number}` : route.kind;
}

const ROUTES: readonly (readonly [target: string, route: string])[] = [
  ['/', 'index'],
  ['/?x=1', 'index'],
  ['/catalog.json', 'catalog'],
  ['/_cdn/health', 'health'],
  ['/F1/', 'page 1'],
  ['/F1/?autoplay', 'page 1'],
  ['/%461/', 'page 1'],
  ['/F1', 'to /F1/'],
  ['/f1/', 'to /F1/'],
  ['/File2', 'to /F2/'],
  ['/file2/', 'to /F2/'],
  ['/F01/', 'none'],
  ['/F0/', 'none'],
  ['/F9/', 'none'],
  ['/F1/x', 'none'],
  ['/F1%2F', 'page 1'],
  ['/F1%00/', 'none'],
  ['/F1/%zz', 'none'],
  ['/F1/%ff', 'none'],
  ['/F999999999999999999999/', 'none'],
  ['/static/downloadedvideo1.mp4', 'media 1'],
  ['/static/downloadedvideo1.mp4?t=1', 'media 1'],
  ['/static/downloadedvideo2.WEBM', 'media 2'],
  ['/static/downloadedvideo3', 'media 3'],
  ['/static/downloadedvideo4', 'media 4'],
  ['/static/downloadedvideo1', 'none'],
  ['/static/downloadedvideo1.webm', 'none'],
  ['/static/../downloadedvideo1.mp4', 'none'],
  ['/static/', 'none'],
  ['//evil.example/', 'none'],
  ['', 'none'],
];

describe('paths', () => {
  for (const [target, route] of ROUTES) it(`${target || '(empty)'} -> ${route}`, () => expect(routeOf(target)).to.equal(route));

  it("has the file's extension where that can stand in a path as it is", () => {
    const paths = [first, second, third, fourth].map((title) => (title === undefined ? '' : formatMediaPath(title)));
    expect(paths).to.deep.equal(['/static/downloadedvideo1.mp4', '/static/downloadedvideo2.WEBM', '/static/downloadedvideo3', '/static/downloadedvideo4']);
  });
});
