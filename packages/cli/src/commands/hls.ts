import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { throwIfAborted } from '@cuemux/core'
import type { HlsOptions, HlsPresentation, ResourceEntry } from 'cuemux'
import { type Checkpoint, presentationIdentity, readCheckpoint } from '../checkpoint.js'
import { formatBytes, formatCount, formatDuration } from '../format.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { makeFolder, writeFileAtomically } from '../output-file.js'
import { createProgress, type Progress } from '../progress.js'
import type { ParsedArguments } from '../usage.js'
import { type ClientName, checkOptions, FIELDS, type OptionSchema, seconds } from '../validate.js'
import { readVersion } from '../version.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  client: FIELDS.client,
  audio: FIELDS.audio,
  muxed: { type: 'boolean', optional: true },
  'segment-duration': seconds({ min: 0.5, max: 60 }),
  start: seconds({ min: 0 }),
  duration: seconds({ min: 0.001 }),
  drop: { type: 'array', optional: true, items: { type: 'enum', values: ['aud', 'filler'] }, max: 2 },
  captions: { type: 'enum', optional: true, values: ['auto', 'search', 'off'] },
  encoder: { type: 'string', optional: true, empty: false, max: 64 },
}

interface HlsCommandOptions {
  readonly json?: boolean
  readonly client?: ClientName
  readonly audio?: readonly string[]
  readonly muxed?: boolean
  readonly 'segment-duration'?: number
  readonly start?: number
  readonly duration?: number
  readonly drop?: readonly ('aud' | 'filler')[]
  readonly captions?: 'auto' | 'search' | 'off'
  readonly encoder?: string
}

/** How many resources are in work at once: one is read while another is written. */
const CONCURRENCY = 3

/** `cuemux hls INPUT OUT_DIR`: writes every resource of the film's presentation; goes on where an earlier run stopped. */
export async function hls(parsed: ParsedArguments, io: Io): Promise<void> {
  const [input = '', folder = ''] = parsed.positionals
  const options = await checkOptions<HlsCommandOptions>(SCHEMA, parsed.values)
  const startedAt = performance.now()
  const { openMedia } = await io.loadCuemux()
  const progress = createProgress(io, { json: options.json === true })
  const media = await openMedia(input, {
    signal: io.signal,
    ...(options.encoder === undefined ? {} : { encoder: { encoder: options.encoder } }),
    onProgress: ({ readBytes }) => progress.show(`Looking for keyframes: ${formatBytes(readBytes)} read`),
  })
  try {
    const hlsOptions = presentationOptions(options)
    const presentation = await media.hls(hlsOptions)
    const { key, sizeBytes } = media.source
    const version = await readVersion()
    const identity = presentationIdentity({ version, key, sizeBytes, options: hlsOptions })
    await makeFolder(folder)
    const export_ = new Export(folder, presentation, await readCheckpoint(folder, identity), progress, io.signal)
    await export_.run()
    progress.clear()
    const result = { output: folder, master: join(folder, 'master.m3u8'), ...export_.totals }
    if (options.json) return await writeJson(io.stdout, result)
    const elapsed = formatDuration(performance.now() - startedAt)
    const kept = result.kept === 0 ? '' : `, ${result.kept} already there`
    const size = formatBytes(result.byteLength)
    await write(io.stdout, `${result.master}: ${formatCount(result.written, 'file')}${kept}, ${size} in ${elapsed}\n`)
  } finally {
    progress.clear()
    await media.close()
  }
}

function presentationOptions(options: HlsCommandOptions): HlsOptions {
  const segmentSeconds = options['segment-duration']
  const { start, duration, drop, captions } = options
  return {
    client: options.client ?? 'browser',
    ...(segmentSeconds === undefined ? {} : { segmentDurationMs: segmentSeconds * 1000 }),
    ...(start === undefined ? {} : { startMs: start * 1000 }),
    ...(duration === undefined ? {} : { endMs: ((start ?? 0) + duration) * 1000 }),
    ...(drop === undefined ? {} : { dropNalUnits: drop }),
    ...(captions === undefined ? {} : { captions }),
    ...(options.muxed === undefined ? {} : { muxed: options.muxed }),
    ...(options.audio === undefined ? {} : { audioLanguages: options.audio }),
  }
}

/** What a run of the command has done. */
interface Totals {
  /** Files written in this run. */
  readonly written: number
  /** Files that an earlier run had finished. */
  readonly kept: number
  /** Bytes of all the presentation's files. */
  readonly byteLength: number
}

/** One presentation on its way into a folder. */
class Export {
  readonly #folder: string
  readonly #presentation: HlsPresentation
  readonly #checkpoint: Checkpoint
  readonly #progress: Progress
  readonly #signal: AbortSignal
  #total = 0
  #written = 0
  #kept = 0
  #byteLength = 0

  constructor(
    folder: string,
    presentation: HlsPresentation,
    checkpoint: Checkpoint,
    progress: Progress,
    signal: AbortSignal,
  ) {
    this.#folder = folder
    this.#presentation = presentation
    this.#checkpoint = checkpoint
    this.#progress = progress
    this.#signal = signal
  }

  get totals(): Totals {
    return { written: this.#written, kept: this.#kept, byteLength: this.#byteLength }
  }

  /** Media first, then the playlists that name it, the multivariant playlist last: whoever finds it finds all. */
  async run(): Promise<void> {
    const resources = await this.#presentation.resources({ signal: this.#signal })
    this.#total = resources.length
    const isMedia = ({ kind }: ResourceEntry): boolean => kind !== 'playlist' && kind !== 'master'
    const folders = new Set(resources.map(entry => join(this.#folder, entry.path, '..')))
    for (const folder of folders) await makeFolder(folder)
    try {
      await this.#makeAll(resources.filter(isMedia))
      await this.#makeAll(resources.filter(entry => entry.kind === 'playlist'))
      await this.#makeAll(resources.filter(entry => entry.kind === 'master'))
    } finally {
      await this.#checkpoint.save()
    }
  }

  async #makeAll(entries: readonly ResourceEntry[]): Promise<void> {
    const queue = entries.values()
    let failed = false
    const work = async (): Promise<void> => {
      for (const entry of queue) {
        if (failed) return
        throwIfAborted(this.#signal)
        await this.#make(entry)
      }
    }
    const guarded = (): Promise<void> =>
      work().catch(error => {
        failed = true
        throw error
      })
    // All workers have ended before the first failure is told: nothing is written after it.
    const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, guarded))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #make(entry: ResourceEntry): Promise<void> {
    const path = join(this.#folder, entry.path)
    const finished = this.#checkpoint.lengthOf(entry.path)
    if (finished !== undefined && (await fileSize(path)) === finished) {
      this.#kept++
      this.#byteLength += finished
      return
    }
    const resource = await this.#presentation.resource(entry.path, { signal: this.#signal, reusesMemory: true })
    await writeFileAtomically(path, resource.pieces)
    resource.release?.()
    await this.#checkpoint.add(entry.path, resource.byteLength)
    this.#written++
    this.#byteLength += resource.byteLength
    const done = this.#written + this.#kept
    this.#progress.show(`${done} of ${this.#total} files, ${formatBytes(this.#byteLength)}`)
  }
}

async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}
