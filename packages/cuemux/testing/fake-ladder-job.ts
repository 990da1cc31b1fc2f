import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { folderStore, type PublishStore } from '@cuemux/store'
import type { FrameLadder, LadderPublishing } from '../src/ladder/options.js'
import { startLadder } from '../src/ladder/start.js'
import { FakeEngine, type FakeOptions } from './fake-ladder-engine.js'

/** A folder that notes what is put, and does as a test wants before. */
export class WatchedStore implements PublishStore {
  readonly kind = 'folder'
  readonly putPaths: string[] = []
  readonly #inner: PublishStore
  readonly #before: (name: string) => Promise<void> | void

  constructor(folder: string, before: (name: string) => Promise<void> | void = () => {}) {
    this.#inner = folderStore({ folder: path.join(folder, 'out') })
    this.#before = before
  }

  /** The segments and init segments that were put. */
  get media(): readonly string[] {
    return this.putPaths.filter(name => /\.(?:m4s|mp4)$/.test(name))
  }

  put: PublishStore['put'] = async (name, body, options) => {
    await this.#before(name)
    const stored = await this.#inner.put(name, body, options)
    this.putPaths.push(name)
    return stored
  }
  verify: PublishStore['verify'] = (address, options) => this.#inner.verify(address, options)
  playlistAddress: PublishStore['playlistAddress'] = (file, from) => this.#inner.playlistAddress(file, from)
  close: PublishStore['close'] = () => this.#inner.close()
}

/** A promise that a test resolves. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

/** Starts a ladder of made-up segments, in `out` below the folder. */
export async function startFake(
  folder: string,
  fake: FakeOptions,
  publishing: Partial<LadderPublishing> = {},
): Promise<{ ladder: FrameLadder; engine: FakeEngine }> {
  const engine = new FakeEngine(fake)
  const ladder = await startLadder({
    engine,
    isPushed: fake.isPushed === true,
    store: new WatchedStore(folder),
    playlistIntervalMs: 1,
    ...publishing,
    uploads: { firstDelayMs: 1, ...publishing.uploads },
  })
  return { ladder, engine }
}

/** A media playlist of a ladder as it is stored by now. */
export function readMedia(
  folder: string,
  name: string,
): { uris: string[]; isEnded: boolean; type: string | undefined } {
  const parsed = parsePlaylist(readFileSync(path.join(folder, 'out', name), 'utf8'), { strict: true })
  if (parsed.kind !== 'media') throw new Error(`${name} is no media playlist.`)
  const { segments, isEnded, type } = parsed
  return { uris: segments.map(({ uri }) => uri), isEnded: isEnded === true, type }
}
