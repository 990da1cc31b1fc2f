import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { Ladder, LadderEvent, LadderJobProgress, LadderOptions, LadderResult, LadderUpdate } from 'cuemux'
import { formatBitrate, formatBytes, formatCount, formatDuration } from '../format.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { makeFolder, removeIfEmpty, writeFileAtomically } from '../output-file.js'
import { createProgress, type Progress } from '../progress.js'
import { printable } from '../run.js'
import { PUBLISHED_NAME, type PublishedFilm } from '../server/ipfs-film.js'
import type { ParsedArguments } from '../usage.js'
import { UsageError } from '../usage.js'
import { checkOptions, FIELDS, type OptionSchema, seconds } from '../validate.js'

const text = { type: 'string', optional: true, empty: false, max: 4096 }

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  rungs: { ...text, max: 200 },
  encoder: { ...text, max: 64 },
  to: text,
  'segment-duration': seconds({ min: 0.5, max: 60 }),
  format: { type: 'enum', values: ['fmp4', 'ts'], optional: true },
  checkpoint: text,
  gateway: text,
  'public-url': text,
}

interface LadderCommandOptions {
  readonly json?: boolean
  readonly rungs?: string
  readonly encoder?: string
  readonly to?: string
  readonly 'segment-duration'?: number
  readonly format?: 'fmp4' | 'ts'
  readonly checkpoint?: string
  readonly gateway?: string
  readonly 'public-url'?: string
}

/** Name of the file, in OUT, that says how far a ladder is. */
const CHECKPOINT_NAME = '.cuemux-ladder.json'

/** `cuemux ladder INPUT OUT`: encodes a film in several sizes and publishes them; goes on where an earlier run stopped. */
export async function ladder(parsed: ParsedArguments, io: Io): Promise<void> {
  const [input = '', out = ''] = parsed.positionals
  const options = await checkOptions<LadderCommandOptions>(SCHEMA, parsed.values)
  if (/^(?:s3:|ipfs:)/i.test(out))
    throw new UsageError(`OUT is a folder on this machine; give it, and the place as --to ${out}.`)
  const { storeFromAddress } = await import('@cuemux/store')
  const { gateway, 'public-url': publicUrl } = options
  const store = storeFromAddress(options.to ?? out, {
    blocks: out,
    ...(gateway === undefined ? {} : { gateway }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  })
  const isOurs = !existsSync(out)
  await makeFolder(out)
  const place: Place = { kind: store.kind, folder: resolve(options.to ?? out), out, input }
  const report = new Report(place, io, options.json === true)
  const { createLadder } = await io.loadCuemux()
  try {
    const job = await createLadder({
      input,
      store,
      checkpoint: options.checkpoint ?? join(out, CHECKPOINT_NAME),
      signal: io.signal,
      ...encodingOptions(options),
      onProgress: progress => report.progress(progress),
      onEvent: event => report.event(event),
    })
    await report.end(await follow(job, report))
  } catch (error) {
    if (isOurs) await removeIfEmpty(out)
    throw error instanceof CuemuxError && error.code === 'ABORTED' ? stopped(error) : error
  } finally {
    report.clear()
    await store.close()
  }
}

function encodingOptions(
  options: LadderCommandOptions,
): Pick<LadderOptions, 'rungs' | 'encoder' | 'format' | 'segmentDurationMs'> {
  const segmentSeconds = options['segment-duration']
  return {
    rungs: options.rungs ?? 'auto',
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.encoder === undefined ? {} : { encoder: { encoder: options.encoder } }),
    ...(segmentSeconds === undefined ? {} : { segmentDurationMs: segmentSeconds * 1000 }),
  }
}

async function follow(job: Ladder, report: Report): Promise<LadderResult> {
  for await (const update of job) if (!update.isEnded) await report.update(update)
  return await job.done
}

/** Where a ladder goes. */
interface Place {
  readonly kind: 'folder' | 'ipfs' | 'kubo' | 's3'
  /** The folder, where it is one. */
  readonly folder: string
  readonly out: string
  readonly input: string
}

/** Tells of a ladder: to people, or one line of JSON for each version of its playlists. */
class Report {
  readonly #place: Place
  readonly #io: Io
  readonly #isJson: boolean
  readonly #line: Progress
  readonly #startedAt = performance.now()

  constructor(place: Place, io: Io, isJson: boolean) {
    this.#place = place
    this.#io = io
    this.#isJson = isJson
    this.#line = createProgress(io, { json: isJson })
  }

  progress({ encodedMs, durationMs, speed, remainingMs, storedSegments, waitingSegments }: LadderJobProgress): void {
    const parts = [
      durationMs === undefined || durationMs <= 0
        ? formatDuration(encodedMs)
        : `${Math.min(100, Math.round((encodedMs / durationMs) * 100))} %`,
      `${speed.toFixed(1)}×`,
      remainingMs === undefined ? '' : `${formatDuration(remainingMs)} left`,
      `${formatCount(storedSegments, 'segment')} stored${waitingSegments > 0 ? `, ${waitingSegments} on the way` : ''}`,
    ]
    this.#line.show(parts.filter(part => part !== '').join(' · '))
  }

  event(
    event: LadderEvent | { readonly type: 'encoder-trouble'; readonly family: string; readonly reason: string },
  ): void {
    if (event.type === 'upload-retry') {
      this.#line.show(`${event.path} could not be stored yet; it is tried again.`)
      return
    }
    if (this.#isJson) return
    if (event.type === 'resumed' && event.segments === 0) return
    this.#line.clear()
    const words =
      event.type === 'resumed'
        ? `Goes on: ${formatCount(event.segments, 'segment')} stored before${event.missing.length > 0 ? `, ${event.missing.length} to be stored again` : ''}.`
        : `The encoder ${event.family} failed, another goes on: ${event.reason}`
    this.#io.stderr.write(`${printable(words)}\n`)
  }

  async update(update: LadderUpdate): Promise<void> {
    await this.#keep(update)
    if (this.#isJson) await writeJson(this.#io.stdout, this.#json(update))
  }

  async end(result: LadderResult): Promise<void> {
    await this.#keep(result)
    this.#line.clear()
    const { segments, resumed, sizeBytes, directory } = result
    if (this.#isJson) {
      const whole = directory === undefined ? {} : { directory: directory.url ?? directory.address }
      return await writeJson(this.#io.stdout, { ...this.#json(result), ...whole, segments, resumed, sizeBytes })
    }
    const kept = resumed === 0 ? '' : `, ${resumed} already there`
    const elapsed = formatDuration(performance.now() - this.#startedAt)
    const pictures = Object.values(result.rungs).filter(({ kind }) => kind === 'video')
    const rows = pictures.map(rung => `  ${rung.width}×${rung.height}  ${formatBitrate(rung.bitrateBps)}\n`)
    await write(
      this.#io.stdout,
      `${this.#addressOf(result.master)}: ${formatCount(pictures.length, 'rung')}, ${formatCount(segments, 'segment')}${kept}, ` +
        `${formatBytes(sizeBytes)} in ${elapsed}\n${rows.join('')}`,
    )
  }

  clear(): void {
    this.#line.clear()
  }

  #json({ master, rungs, isEnded }: LadderUpdate): object {
    const shown = Object.entries(rungs).map(([name, { address, url, ...rung }]) => [
      name,
      { address: this.#addressOf({ address, ...(url === undefined ? {} : { url }) }), ...rung },
    ])
    return { master: this.#addressOf(master), rungs: Object.fromEntries(shown), isEnded }
  }

  /** Where anyone finds a file; in a folder its path. */
  #addressOf({ address, url }: { readonly address: string; readonly url?: string }): string {
    if (url !== undefined) return url
    return this.#place.kind === 'folder' ? join(this.#place.folder, address) : address
  }

  /** Says in a folder of blocks which film is in it: `cuemux serve` finds it by that. */
  async #keep({ master }: LadderUpdate): Promise<void> {
    const { kind, out, input } = this.#place
    if (kind !== 'ipfs') return
    const name = input.split(/[/\\]/).at(-1)?.split('?')[0] ?? ''
    const published: PublishedFilm = { format: 'cuemux-published', version: 1, name, master: master.address }
    await writeFileAtomically(join(out, PUBLISHED_NAME), [new TextEncoder().encode(`${JSON.stringify(published)}\n`)])
  }
}

function stopped(error: CuemuxError): CuemuxError {
  return new CuemuxError('ABORTED', 'The ladder was stopped.', {
    cause: error,
    hint: 'Run the same command again to go on from here.',
  })
}
