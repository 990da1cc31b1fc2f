/** A film as the page and `--json` know it. */
export interface Film {
  /** Short and stable; a part of the film's addresses. */
  readonly id: string
  /** The file's name, not to be trusted as markup. */
  readonly name: string
  /** Folders between the one that was named on the command line and the film, `''` when it lies there itself. */
  readonly folder: string
  readonly sizeBytes: number | undefined
  /** Path of the multivariant playlist of a film that is published already; one that isn't is served from its file. */
  readonly publishedMaster?: string
}

/** A film of `GET /api/media`. */
export interface FilmEntry extends Film {
  /** Path of its multivariant playlist. */
  readonly master: string
  /** Path of it as one fragmented MP4; not of one that is published. */
  readonly stream?: string
  /** Path of `info.json`; not of one that is published. */
  readonly info?: string
}

/** What `GET /api/media` answers. */
export interface FilmList {
  readonly media: readonly FilmEntry[]
  /** Where films are played through sessions, if they are. */
  readonly sessions?: string
}

/** Where the films are mounted. */
export const MEDIA_PATH = '/media'

/** Where the files of published films are mounted, by the film's id. */
export const PUBLISHED_PATH = '/published'

/** Where the blocks of IPFS are mounted, as gateways do it: `/ipfs/CID/path`. */
export const IPFS_PATH = '/ipfs'

/** A film with the paths below which it is served. */
export function filmEntry({ publishedMaster, ...film }: Film): FilmEntry {
  if (publishedMaster !== undefined) return { ...film, master: publishedMaster }
  const base = `${MEDIA_PATH}/${film.id}`
  return { ...film, master: `${base}/master.m3u8`, stream: `${base}/stream.mp4`, info: `${base}/info.json` }
}
