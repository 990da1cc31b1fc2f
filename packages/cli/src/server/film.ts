/** A film as the page and `--json` know it. */
export interface Film {
  /** Short and stable; a part of the film's addresses. */
  readonly id: string
  /** The file's name, not to be trusted as markup. */
  readonly name: string
  /** Folders between the one that was named on the command line and the film, `''` when it lies there itself. */
  readonly folder: string
  readonly sizeBytes: number | undefined
}

/** A film of `GET /api/media`. */
export interface FilmEntry extends Film {
  /** Path of its multivariant playlist. */
  readonly master: string
  /** Path of it as one fragmented MP4. */
  readonly stream: string
  /** Path of `info.json`. */
  readonly info: string
}

/** What `GET /api/media` answers. */
export interface FilmList {
  readonly media: readonly FilmEntry[]
}

/** Where the films are mounted. */
export const MEDIA_PATH = '/media'

/** A film with the paths below which it is served. */
export function filmEntry(film: Film): FilmEntry {
  const base = `${MEDIA_PATH}/${film.id}`
  return { ...film, master: `${base}/master.m3u8`, stream: `${base}/stream.mp4`, info: `${base}/info.json` }
}
