import {
  type ByteSource,
  CuemuxError,
  type Demuxer,
  type MediaIndex,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { type Decision, decideTracks, resolveClient } from '@cuemux/planner'
import type { ClientInput } from './client.js'
import { findAttachment } from './documents/attachments.js'
import type { EncoderOptions } from './encoding/options.js'
import type { EncoderService } from './encoding/service.js'
import type { HlsOptions } from './hls-options.js'
import { describeMedia, type MediaInfo } from './info.js'
import { type MediaInput, type Platform, type SourceOptions, sourceFor } from './input.js'
import { type JoinablePresentation, type JoinedPresentation, joinPresentations } from './joined.js'
import { createPresentation, type HlsPresentation } from './presentation.js'
import { joinPieces } from './resource.js'
import { type MediaStream, openStream, type StreamOptions } from './stream.js'

/** Options of {@link openMedia}. */
export interface OpenOptions extends SourceOptions {
  /** How tracks are encoded that a client doesn't play (Node only). */
  readonly encoder?: EncoderOptions
  /** Ends the opening early with `ABORTED`. */
  readonly signal?: AbortSignal
  /** Told how far a search for keyframes has come, where a film has no index. */
  readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number | undefined }) => void
}

/** What becomes of a track for a client, and why. */
export interface TrackDecision extends Decision {
  readonly trackId: number
  readonly kind: 'video' | 'audio' | 'text'
}

/** An open film. */
export interface Media {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  readonly index: MediaIndex
  /** What is known of the film, as plain JSON. */
  readonly info: MediaInfo
  /** What becomes of each track for a client (default `browser`), and why. */
  decisions(client?: ClientInput): readonly TrackDecision[]
  /** Whether tracks that a client doesn't play can be encoded here, and if not, what to install. */
  encoderStatus(): Promise<EncoderStatus>
  /** A file inside the film, as cover art or a font, by its name in `info.attachments`; `undefined` where there is none. */
  readAttachment(name: string): Promise<MediaAttachment | undefined>
  /**
   * The film as an HLS presentation, every resource of which is made when it is asked for.
   *
   * @throws CuemuxError `UNSUPPORTED_CODEC` when no track plays at the client, `BAD_REQUEST`
   */
  hls(options?: HlsOptions): Promise<HlsPresentation>
  /**
   * The film, or a part of it, as one continuous fragmented MP4.
   *
   * @throws CuemuxError as {@link Media.hls}
   */
  stream(options?: StreamOptions): Promise<MediaStream>
  /** Gives back what the source holds open. */
  close(): Promise<void>
}

/** Whether there is an encoder. */
export interface EncoderStatus {
  readonly isAvailable: boolean
  /** What to do where there is none. */
  readonly hint?: string
}

/** A file inside a film. */
export interface MediaAttachment {
  /** The container's word for it; `application/octet-stream` for what is neither a picture nor a font. */
  readonly mimeType: string
  readonly bytes: Uint8Array
}

/** First bytes read of a film: enough to name the format, and the head of most films. */
const HEAD_BYTES = 64 * 1024

/** What a handler puts into the opening of a film. */
export interface OpenHooks {
  /** The source to read from in place of the film's own. */
  wrap(source: ByteSource): ByteSource
  /** The film's demuxer, made by `open`, which reads nothing when it is given the film's index. */
  demuxer(source: ByteSource, open: (index?: MediaIndex) => Promise<Demuxer>): Promise<Demuxer>
}

/** `openMedia`, and what a handler puts into it. */
export type MediaOpener = (input: MediaInput, options?: OpenOptions, hooks?: OpenHooks) => Promise<Media>

/** `openMedia` for a platform. */
export function createOpenMedia(platform: Platform): MediaOpener {
  return async (input, options, hooks) => {
    const checked = platform.validate('open', options)
    const { signal, onProgress: _, encoder: __, ...sourceOptions } = checked
    throwIfAborted(signal)
    const found = await sourceFor(input, sourceOptions, platform)
    const source = hooks?.wrap(found) ?? found
    const encoder = platform.encoder?.(checked.encoder ?? {})
    const open = (index?: MediaIndex): Promise<Demuxer> => openDemuxer(source, checked, encoder, index)
    try {
      const demuxer = await (hooks?.demuxer(source, open) ?? open())
      return new FilmMedia(source, demuxer, sourceOptions.name ?? source.name, platform, encoder)
    } catch (error) {
      await source.close?.()
      throw toCuemuxError(error, 'CORRUPT_INDEX', 'The film cannot be read')
    }
  }
}

/** The demuxer that made an index before, without reading anything. */
async function reopenDemuxer(source: ByteSource, index: MediaIndex): Promise<Demuxer | undefined> {
  switch (index.container) {
    case 'matroska':
    case 'webm':
      return (await LOAD.matroska()).openMatroska(source, { index })
    case 'mp4':
    case 'mov':
      return (await LOAD.mp4()).openMp4(source, { index })
    case 'mpegts':
      return (await LOAD.mpegts()).openMpegTs(source, { index })
    case 'other':
      return undefined
  }
}

/** The formats' packages: each is loaded when a film of its kind is opened, so that start-up costs what is used. */
const LOAD = {
  matroska: () => import('@cuemux/matroska'),
  mp4: () => import('@cuemux/mp4'),
  mpegts: () => import('@cuemux/mpegts'),
}

const EXTENSIONS: readonly (readonly [RegExp, keyof typeof LOAD])[] = [
  [/\.(?:mk[av]|webm)$/i, 'matroska'],
  [/\.(?:mp4|m4[av]|mov)$/i, 'mp4'],
  [/\.m?ts$/i, 'mpegts'],
]

/** Loads what a name promises while the film's head is under way. Its bytes say what it is. */
function loadByName(name: string): void {
  const [, format] = EXTENSIONS.find(([extension]) => extension.test(name)) ?? []
  // Tried again, and heard, where the bytes want it.
  if (format !== undefined) LOAD[format]().catch(() => {})
}

async function openDemuxer(
  source: ByteSource,
  { signal, onProgress }: OpenOptions,
  encoder: EncoderService | undefined,
  index: MediaIndex | undefined,
): Promise<Demuxer> {
  const known = index === undefined ? undefined : await reopenDemuxer(source, index)
  if (known !== undefined) return known
  loadByName(source.name)
  const head = await source.read(0, HEAD_BYTES, { signal })
  if (head.byteLength === 0) {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', `${source.name || 'The input'} is empty.`, {
      at: { offsetBytes: 0 },
    })
  }
  const given = {
    head,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : { onProgress: (readBytes: number, totalBytes: number) => onProgress({ readBytes, totalBytes }) }),
  }
  if (startsWithEbml(head)) return (await LOAD.matroska()).openMatroska(source, given)
  const { isMp4, openMp4 } = await LOAD.mp4()
  if (isMp4(head)) return openMp4(source, given)
  const { isMpegTs, openMpegTs } = await LOAD.mpegts()
  if (isMpegTs(head)) return openMpegTs(source, given)
  if (encoder !== undefined && (await encoder.availability()).isAvailable) {
    return encoder.openForeign(source, signal === undefined ? {} : { signal })
  }
  throw new CuemuxError(
    'UNSUPPORTED_CONTAINER',
    `${source.name || 'The input'} is no film in a container that Cuemux reads.`,
    {
      at: { offsetBytes: 0 },
      hint: 'Matroska, WebM, MP4, MOV, M4A and MPEG-TS are read; with ffmpeg also what ffmpeg reads.',
    },
  )
}

/** RFC 8794 §8.1: every EBML document starts with the id of its header. */
function startsWithEbml(head: Uint8Array): boolean {
  return head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3
}

/**
 * Films one after the other as one presentation, with a discontinuity between two.
 *
 * @param films opened by this module's `openMedia`; they stay the caller's to close
 * @throws CuemuxError as {@link Media.hls}; `BAD_REQUEST` for none, or for films with a picture beside films without one
 */
export async function joinMedia(films: readonly Media[], options?: HlsOptions): Promise<JoinedPresentation> {
  const present = (film: Media): Promise<JoinablePresentation> => {
    if (film instanceof FilmMedia) return film.present(options)
    throw new CuemuxError('BAD_REQUEST', 'Only films that openMedia has opened can be joined.')
  }
  return joinPresentations(await Promise.all(films.map(present)))
}

class FilmMedia implements Media {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  readonly info: MediaInfo
  readonly #platform: Platform
  readonly #encoder: EncoderService | undefined
  /** What ends the encoders of its presentations. */
  readonly #closers = new Set<() => Promise<void>>()

  constructor(
    source: ByteSource,
    demuxer: Demuxer,
    name: string,
    platform: Platform,
    encoder: EncoderService | undefined,
  ) {
    this.source = source
    this.demuxer = demuxer
    this.info = describeMedia(name, demuxer.index)
    this.#platform = platform
    this.#encoder = encoder
  }

  get index(): MediaIndex {
    return this.demuxer.index
  }

  decisions(client: ClientInput = 'browser'): readonly TrackDecision[] {
    const profile = resolveClient(client)
    return decideTracks(this.index, profile).map(({ track, ...decision }) => ({
      trackId: track.id,
      kind: track.kind,
      ...decision,
    }))
  }

  async encoderStatus(): Promise<EncoderStatus> {
    const status = await this.#encoder?.availability()
    if (status?.isAvailable) return { isAvailable: true }
    return { isAvailable: false, ...(status?.hint === undefined ? {} : { hint: status.hint }) }
  }

  async readAttachment(name: string): Promise<MediaAttachment | undefined> {
    const found = findAttachment(this, name)
    return found && { mimeType: found.entry.contentType, bytes: joinPieces(await found.make({})) }
  }

  async hls(options?: HlsOptions): Promise<HlsPresentation> {
    return this.present(options)
  }

  /** {@link Media.hls} with what joins films. */
  async present(options: HlsOptions | undefined): Promise<JoinablePresentation> {
    const checked = this.#platform.validate('hls', options)
    const presentation = await createPresentation(this.source, this.demuxer, checked, this.#encoder)
    this.#closers.add(() => presentation.close())
    return presentation
  }

  async stream(options?: StreamOptions): Promise<MediaStream> {
    const checked = this.#platform.validate('stream', options)
    return openStream(this.source, this.demuxer, checked, this.#encoder, this.#closers)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#closers, close => close()))
    this.#closers.clear()
    await this.demuxer.close?.()
    await this.source.close?.()
  }
}
