import { rmdir } from 'node:fs/promises'
import path from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { LiveInput } from '@cuemux/ffmpeg'
import { validateOptions } from '../schemas.js'
import { HlsLiveStream, type LiveStream } from './live-stream.js'
import type { LiveEvent, LiveStats, LiveVideoOptions, ReconnectOptions } from './options.js'

/** How previews are made. */
export interface PreviewOptions {
  /** Has a folder `port_N` for each port that is previewed. */
  readonly folder: string
  /** The input of a port; default `deltacast:N`. */
  readonly input?: (port: number) => string | LiveInput
  /** Default: within 1280 × 720, 5 Mbit/s, `ultrafast`. */
  readonly video?: LiveVideoOptions
  /** Default 128 kbit/s; `false`: without sound. */
  readonly audio?: { readonly bitrateBps?: number } | false
  /** Default 5000. */
  readonly segmentDurationMs?: number
  /** Segments in the playlist. Default 3. */
  readonly segments?: number
  /** A preview that nobody asks for ends after this, ms; left out: never. See {@link PreviewManager.touch}. */
  readonly idleMs?: number
  /** How a preview comes back; as live streams do, but without an end to its attempts. */
  readonly reconnect?: ReconnectOptions
  readonly stallTimeoutMs?: number
  readonly startTimeoutMs?: number
  /** Path of ffmpeg; default `CUEMUX_FFMPEG`, else the one in PATH. */
  readonly ffmpeg?: string
  /** How many previews there may be at once. Default 32. */
  readonly maxProcesses?: number
  /** Told of what happens: of a preview that has crashed and is started again (`reconnect`), above all. */
  readonly onEvent?: (event: PreviewEvent) => void
}

/** What a manager tells of its previews. */
export type PreviewEvent = { readonly port: number } & (
  | LiveEvent
  /** Nobody asked for it: it was stopped. */
  | { readonly type: 'idle' }
)

/** Previews of the ports of a capture card, or of any inputs that have numbers. */
export interface PreviewManager {
  /**
   * Starts the preview of a port; does nothing where it runs.
   *
   * @throws CuemuxError `BAD_REQUEST` for what is no port, or an input that is refused
   */
  start(port: number): Promise<void>
  /** Stops it and takes its files away; does nothing where it doesn't run. Resolves within 6 s. */
  stop(port: number): Promise<void>
  /** Stops all, side by side. */
  stopAll(): Promise<void>
  /** Path of its playlist, which is there once it is {@link ready}. Counts as asking for it. */
  playlistPath(port: number): string
  /** Whether it runs, be it that it is being started again. */
  isPreviewing(port: number): boolean
  /**
   * Resolves when it can be played. Counts as asking for it.
   *
   * @throws CuemuxError `NOT_FOUND` where it isn't started, and why it never will be
   */
  ready(port: number): Promise<void>
  /** Says that somebody watches it: of who reads the files the manager knows nothing. */
  touch(port: number): void
  /** How far it is; `undefined` where it doesn't run. */
  stats(port: number): LiveStats | undefined
  /** Answers a request for `playlist.m3u8` or what it names. Counts as asking for it. */
  handle(port: number, request: Request, path: string): Promise<Response>
}

const DEFAULT_SEGMENT_MS = 5000
const DEFAULT_SEGMENTS = 3
const DEFAULT_MAX_PROCESSES = 32
const MAX_PORT = 65_535
const DEFAULT_VIDEO = { maxWidth: 1280, maxHeight: 720, bitrateBps: 5_000_000, preset: 'ultrafast' } as const

interface Preview {
  readonly stream: LiveStream
  idleTimer: NodeJS.Timeout | undefined
}

/**
 * Low-rate previews for web pages: one ffmpeg for each port, an HLS folder each.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options
 */
export function createPreviewManager(options: PreviewOptions): PreviewManager {
  return new HlsPreviews(validateOptions('preview', options))
}

class HlsPreviews implements PreviewManager {
  readonly #options: PreviewOptions
  readonly #previews = new Map<number, Preview>()
  /** What is done to a port is done one after the other. */
  readonly #changes = new Map<number, Promise<void>>()

  constructor(options: PreviewOptions) {
    this.#options = options
  }

  async start(port: number): Promise<void> {
    checkPort(port)
    await this.#change(port, async () => {
      if (this.isPreviewing(port)) return
      await this.#end(port)
      this.#previews.set(port, { stream: this.#open(port), idleTimer: this.#idleTimer(port) })
    })
  }

  async stop(port: number): Promise<void> {
    await this.#change(port, () => this.#end(port))
  }

  async stopAll(): Promise<void> {
    await Promise.all([...new Set([...this.#previews.keys(), ...this.#changes.keys()])].map(port => this.stop(port)))
  }

  playlistPath(port: number): string {
    checkPort(port)
    this.touch(port)
    return path.join(this.#folder(port), 'playlist.m3u8')
  }

  isPreviewing(port: number): boolean {
    const state = this.#previews.get(port)?.stream.state
    return state === 'starting' || state === 'running' || state === 'reconnecting'
  }

  async ready(port: number): Promise<void> {
    this.touch(port)
    await this.#changes.get(port)
    await this.#preview(port).stream.ready
  }

  touch(port: number): void {
    this.#previews.get(port)?.idleTimer?.refresh()
  }

  stats(port: number): LiveStats | undefined {
    return this.#previews.get(port)?.stream.stats
  }

  async handle(port: number, request: Request, name: string): Promise<Response> {
    this.touch(port)
    return this.#preview(port).stream.handle(request, name)
  }

  #preview(port: number): Preview {
    const preview = this.#previews.get(port)
    if (preview === undefined) throw new CuemuxError('NOT_FOUND', `Port ${port} has no preview.`)
    return preview
  }

  #folder(port: number): string {
    return path.join(this.#options.folder, `port_${port}`)
  }

  #open(port: number): LiveStream {
    const { input = (n: number) => `deltacast:${n}`, segments = DEFAULT_SEGMENTS, onEvent } = this.#options
    const { segmentDurationMs = DEFAULT_SEGMENT_MS, reconnect, video, audio, ffmpeg } = this.#options
    const { stallTimeoutMs, startTimeoutMs, maxProcesses = DEFAULT_MAX_PROCESSES } = this.#options
    const endless = { maxAttempts: Number.MAX_SAFE_INTEGER, maxFirstAttempts: Number.MAX_SAFE_INTEGER }
    const streamOptions = {
      ...{ input: input(port), mode: 'encode' as const, folder: this.#folder(port), keepFiles: false },
      ...{ segmentDurationMs, maxProcesses, reconnect: { ...endless, ...reconnect } },
      window: { kind: 'sliding' as const, durationMs: segments * segmentDurationMs },
      video: { ...DEFAULT_VIDEO, ...video },
      onEvent: (event: LiveEvent) => onEvent?.({ port, ...event }),
      ...{ audio, ffmpeg, stallTimeoutMs, startTimeoutMs },
    }
    return new HlsLiveStream(validateOptions('live', streamOptions))
  }

  #idleTimer(port: number): NodeJS.Timeout | undefined {
    const { idleMs, onEvent } = this.#options
    if (idleMs === undefined) return undefined
    return setTimeout(() => {
      void this.stop(port)
      onEvent?.({ port, type: 'idle' })
    }, idleMs).unref()
  }

  async #end(port: number): Promise<void> {
    const preview = this.#previews.get(port)
    if (preview === undefined) return
    clearTimeout(preview.idleTimer)
    await preview.stream.close()
    this.#previews.delete(port)
    // What isn't ours stays, and with it the folder.
    await rmdir(this.#folder(port)).catch(() => {})
  }

  #change(port: number, work: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(port) ?? Promise.resolve()
    const change = before.catch(() => {}).then(work)
    this.#changes.set(port, change)
    const forget = (): void => {
      if (this.#changes.get(port) === change) this.#changes.delete(port)
    }
    change.then(forget, forget)
    return change
  }
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return
  throw new CuemuxError('BAD_REQUEST', `A port is a number from 0 to ${MAX_PORT}, not ${String(port).slice(0, 60)}.`)
}
