// Which videos exist, and the names of each. Plain data, the same for every party that looks at
// the same folder.

/** One video and all that it is called. */
export interface Title {
  /** 1-based. */
  readonly number: number;
  /** What a user types after "hiscinema.com/": "File1". */
  readonly title: string;
  /** The portal's page: "/F1/". */
  readonly page: string;
  /** The label that stands for this video in both zones: "file1". */
  readonly label: string;
  /** The content name in the publisher's zone, without a final dot: "file1.hiscinema.com". */
  readonly contentName: string;
  /** The content name in the CDN's zone: "file1.hercdn.com". */
  readonly cdnName: string;
  /** The file's name within the folder: "video1.mp4". */
  readonly file: string;
  /** The path of the object on a store, percent-encoded where needed: "/video1.mp4". */
  readonly object: string;
  /** The object's name in transcripts and in V records, the file's name without its extension: "video1". */
  readonly objectName: string;
}

export interface Catalog {
  readonly titles: readonly Title[];
}

export const PUBLISHER_ZONE = 'hiscinema.com';
export const CDN_ZONE = 'hercdn.com';
/** The label behind which every video stands: "video.hiscinema.com". */
export const ANY_VIDEO_LABEL = 'video';

/** A catalog of these files, File1 the first. */
export function createCatalog(files: readonly string[]): Catalog {
  return {
    titles: files.map((file, index) => {
      const number = index + 1;
      const label = `file${number}`;
      return {
        number,
        title: `File${number}`,
        page: `/F${number}/`,
        label,
        contentName: `${label}.${PUBLISHER_ZONE}`,
        cdnName: `${label}.${CDN_ZONE}`,
        file,
        object: `/${encodeURIComponent(file)}`,
        objectName: file.replace(/(?<=.)\.[^.]*$/, ''),
      };
    }),
  };
}

/** Titles are matched without regard to letter case: "file1" finds File1. */
export function findTitle(catalog: Catalog, title: string): Title | undefined {
  const wanted = title.toLowerCase();
  return catalog.titles.find((entry) => entry.title.toLowerCase() === wanted);
}
