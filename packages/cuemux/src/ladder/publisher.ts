import type { PublishStore, StoredFile, UploadQueue } from '@cuemux/store'
import { ladderManifest } from './mpd.js'
import { addressOfFile, type LadderAddress, type LadderUpdate, type PublishedRung } from './options.js'
import {
  iFramePlaylist,
  type ListedRendition,
  masterPlaylist,
  mediaPlaylist,
  type PublishedRendition,
  ratesOf,
  targetDuration,
} from './playlists.js'
import type { StoredRendition } from './stored-ladder.js'

const MASTER_PATH = 'master.m3u8'
const MANIFEST_PATH = 'manifest.mpd'
/** Playlists change while a ladder grows: who keeps them asks whether they are still good. */
const CACHE_CONTROL = 'no-cache'

/** What a publisher works with. */
export interface PublisherOptions {
  readonly store: PublishStore
  readonly queue: UploadQueue
  readonly renditions: readonly StoredRendition[]
  readonly targetDurationMs: number
  readonly signal: AbortSignal
}

/** A version with all that belongs to it. */
export interface PublishedLadder extends LadderUpdate {
  readonly manifest?: LadderAddress
  readonly directory?: LadderAddress
}

/** Writes and stores the playlists of what is stored: media playlists, then what names them, so that each address leads somewhere. */
export class Publisher {
  readonly #options: PublisherOptions
  /** The playlists as they are stored, by path. */
  readonly #stored = new Map<string, { readonly text: string; readonly file: StoredFile }>()

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /**
   * Stores a version of the playlists, those that changed.
   *
   * @param isEnded the last version
   * @param limit segments from this number on are left out
   * @returns `undefined` while a rendition has no segment, unless it is the last version: it is then left out
   */
  async publish(isEnded: boolean, limit?: number): Promise<PublishedLadder | undefined> {
    const all = this.#options.renditions.map(
      (stored): PublishedRendition => ({
        rendition: stored.rendition,
        init: stored.init,
        segments: stored.run.filter(({ number }) => number < (limit ?? Number.POSITIVE_INFINITY)),
      }),
    )
    const published = all.filter(({ segments }) => segments.length > 0)
    if (published.length === 0 || (!isEnded && published.length < all.length)) return undefined
    const target = targetDuration(this.#options.targetDurationMs, published)
    const listed = await Promise.all(published.map(one => this.#list(one, target, isEnded)))
    const text = masterPlaylist(listed, { target, isEnded, addressOf: this.#addressesIn(MASTER_PATH) })
    const master = await this.#put(MASTER_PATH, text)
    const mpd = isEnded ? ladderManifest(published, target) : undefined
    const manifest = mpd === undefined ? undefined : await this.#put(MANIFEST_PATH, mpd)
    const files = [...listed.flatMap(filesOf), master, ...(manifest === undefined ? [] : [manifest])]
    const directory = await this.#makeDirectory(files, master, isEnded)
    const whole = directory === undefined ? undefined : addressOfFile(directory)
    return {
      master: this.#inDirectory(master, whole),
      rungs: Object.fromEntries(listed.map(one => [one.rendition.name, this.#rung(one, whole, target)])),
      isEnded,
      ...(manifest === undefined ? {} : { manifest: this.#inDirectory(manifest, whole) }),
      ...(whole === undefined ? {} : { directory: whole }),
    }
  }

  async #list(one: PublishedRendition, target: number, isEnded: boolean): Promise<ListedRendition> {
    const { name } = one.rendition
    const path = `${name}/playlist.m3u8`
    const playlist = this.#put(path, mediaPlaylist(one, { target, isEnded, addressOf: this.#addressesIn(path) }))
    const iFramesPath = `iframes/${name}.m3u8`
    const text = isEnded ? iFramePlaylist(one, target, this.#addressesIn(iFramesPath)) : undefined
    const iFrames = text === undefined ? undefined : await this.#put(iFramesPath, text)
    return { ...one, playlist: await playlist, iFrames }
  }

  async #put(path: string, text: string): Promise<StoredFile> {
    const earlier = this.#stored.get(path)
    if (earlier?.text === text) return earlier.file
    const body = new TextEncoder().encode(text)
    const file = await this.#options.queue.add(path, body, { replace: true, cacheControl: CACHE_CONTROL })
    this.#stored.set(path, { text, file })
    return file
  }

  /** Relative addresses lead nowhere on IPFS but in a directory; at the end there is one in any case. */
  async #makeDirectory(
    files: readonly StoredFile[],
    master: StoredFile,
    isEnded: boolean,
  ): Promise<StoredFile | undefined> {
    const { store, signal } = this.#options
    if (store.finish === undefined || !(isEnded || this.#isRelative(master))) return undefined
    return await store.finish(files, { signal })
  }

  #addressesIn(path: string): (file: StoredFile) => string {
    return file => this.#options.store.playlistAddress(file, path)
  }

  /** Whether playlists name a file by its path from where they are. */
  #isRelative(file: StoredFile): boolean {
    return !/^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(this.#options.store.playlistAddress(file, MANIFEST_PATH))
  }

  /** Where a file is to be opened from: by its path in the directory, when its addresses are relative. */
  #inDirectory(file: StoredFile, directory: LadderAddress | undefined): LadderAddress {
    const needsIt = directory !== undefined && (this.#isRelative(file) || file.path === MANIFEST_PATH)
    if (!needsIt) return addressOfFile(file)
    const { address, url } = directory
    // A gateway's template may put more behind the CID, so that no path goes there.
    const hasPath = url !== undefined && !/[?#]/.test(url)
    return { address: `${address}/${file.path}`, ...(hasPath ? { url: `${url.replace(/\/$/, '')}/${file.path}` } : {}) }
  }

  #rung(one: ListedRendition, directory: LadderAddress | undefined, target: number): PublishedRung {
    const { kind, width, height } = one.rendition
    return {
      kind,
      ...this.#inDirectory(one.playlist, directory),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      bitrateBps: Math.round(ratesOf(one, target).averageBps),
      segments: one.segments.length,
    }
  }
}

function filesOf({ init, segments, playlist, iFrames }: ListedRendition): StoredFile[] {
  const optional = [init, iFrames].filter(file => file !== undefined)
  return [...optional, playlist, ...segments.map(({ file }) => file)]
}
