import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { createCatalog, findTitle, scanFolder } from '../../../src/catalog/index.js';
import { CdnError } from '../../../src/base/errors.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('a folder as a catalog', () => {
  const tempFolder = useTempFolders();

  async function files(...names: readonly string[]): Promise<readonly string[]> {
    const folder = await tempFolder();
    for (const name of names) await writeFile(path.join(folder, name), 'x');
    return (await scanFolder(folder)).titles.map(({ file }) => file);
  }

  it('is in name order, numbers as numbers', async () => expect(await files('video10.mp4', 'video2.mp4', 'Video1.mp4')).to.deep.equal(['Video1.mp4', 'video2.mp4', 'video10.mp4']));
  it('has videos only, hidden files aside', async () => expect(await files('a.mp4', 'notes.txt', '.b.mp4', 'c.WEBM', 'mp4', 'd.constructor')).to.deep.equal(['a.mp4', 'c.WEBM']));
  it('has files only', async () => {
    const folder = await tempFolder();
    await mkdir(path.join(folder, 'folder.mp4'));
    await symlink('nowhere', path.join(folder, 'dangling.mp4'));
    expect((await scanFolder(folder)).titles).to.deep.equal([]);
  });
  it('leaves out what a store would not serve, and says why', async () => {
    const folder = await tempFolder();
    const outside = await tempFolder();
    await writeFile(path.join(outside, 'film.mp4'), 'x');
    await writeFile(path.join(folder, 'a.mp4'), 'x');
    await symlink(path.join(outside, 'film.mp4'), path.join(folder, 'leak.mp4'));
    await symlink('a.mp4', path.join(folder, 'z.mp4'));
    if (path.sep === '/') await writeFile(path.join(folder, 'j\\k.mp4'), 'x');
    const { titles, leftOut } = await scanFolder(folder);
    expect(titles.map(({ file }) => file)).to.deep.equal(['a.mp4', 'z.mp4']);
    expect(leftOut).to.deep.equal([...(path.sep === '/' ? [{ file: 'j\\k.mp4', why: 'has a backslash in its name' }] : []), { file: 'leak.mp4', why: 'leads outside the folder' }]);
  });
  it('may itself be reached by a link', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'a.mp4'), 'x');
    const link = path.join(await tempFolder(), 'films');
    await symlink(folder, link);
    expect((await scanFolder(link)).titles).to.have.lengthOf(1);
  });
  it('that is not there is an error that names it', async () => {
    const folder = path.join(await tempFolder(), 'nowhere');
    const error: unknown = await scanFolder(folder).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(CdnError).and.include({ code: 'FOLDER_UNREADABLE' });
    expect((error as CdnError).message).to.equal(`cannot read the folder of videos ${folder}: there is no such folder`);
  });
  it('that is a file is no folder', async () => {
    const file = path.join(await tempFolder(), 'a.mp4');
    await writeFile(file, 'x');
    const error: unknown = await scanFolder(file).catch((caught: unknown) => caught);
    expect((error as CdnError).message).to.equal(`cannot read the folder of videos ${file}: it is no folder`);
  });
  it('whose ~ the shell has left is told how to be written', async () => {
    const error: unknown = await scanFolder('~/no such films').catch((caught: unknown) => caught);
    expect((error as CdnError).suggestions).to.deep.equal([`--dir "$HOME"/'no such films', since the shell has left the ~ as it is`]);
  });
});

describe('a title', () => {
  it('has all its names', () =>
    expect(createCatalog(['a b#.mp4']).titles[0]).to.deep.equal({
      number: 1, title: 'File1', page: '/F1/', label: 'file1', contentName: 'file1.hiscinema.com', cdnName: 'file1.hercdn.com',
      file: 'a b#.mp4', object: '/a%20b%23.mp4', objectName: 'a b#',
    }));
  it('is found whatever its letter case', () => expect(findTitle(createCatalog(['a.mp4', 'b.mp4']), 'fILE2')?.file).to.equal('b.mp4'));
  it('nobody has is undefined', () => expect(findTitle(createCatalog(['a.mp4']), 'File2')).to.equal(undefined));
});
