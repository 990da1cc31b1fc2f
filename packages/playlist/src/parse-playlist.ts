import { CuemuxError } from '@cuemux/core'
import { shown } from './attribute-reader.js'
import { playlistLines } from './lines.js'
import type { MediaPlaylist } from './media-playlist.js'
import type { MultivariantPlaylist } from './multivariant-playlist.js'
import { type PlaylistProblem, Problems } from './problems.js'
import { CommonTags, type Reading, type UnknownTag } from './read-common.js'
import { MediaReader } from './read-media.js'
import { MultivariantReader } from './read-multivariant.js'
import { type VariableSources, Variables } from './variables.js'

/** How a playlist is read. */
export interface ParseOptions extends VariableSources {
  /** Anything that RFC 8216bis doesn't allow is an error; by default it is noted, and what is usable is taken. */
  readonly strict?: boolean | undefined
}

/** What comes with every playlist that is read. */
export interface ParseFindings {
  /** What is wrong with it, the first 100; nothing in strict reading. */
  readonly problems: readonly PlaylistProblem[]
  readonly unknownTags: readonly UnknownTag[]
}

/** A media playlist that was read; its byte ranges all have their offsets. */
export interface ParsedMediaPlaylist extends MediaPlaylist, ParseFindings {
  readonly kind: 'media'
}

/** A multivariant playlist that was read. */
export interface ParsedMultivariantPlaylist extends MultivariantPlaylist, ParseFindings {
  readonly kind: 'multivariant'
}

/** A playlist that was read. */
export type ParsedPlaylist = ParsedMediaPlaylist | ParsedMultivariantPlaylist

/**
 * Reads a playlist (RFC 8216bis). Addresses stay as they are written, but for variables: see `resolveUri`.
 *
 * @throws CuemuxError `CORRUPT_INDEX` for what is no playlist and, in strict reading, for whatever isn't allowed, with
 *   `at.path` as `line 3`; `LIMIT_EXCEEDED` past 32 Mi characters, 500,000 lines, or 4 Mi characters out of variables
 */
export function parsePlaylist(text: string, options: ParseOptions = {}): ParsedPlaylist {
  const problems = new Problems(options.strict === true)
  const reading = { problems, variables: new Variables(problems, options) }
  const common = new CommonTags(reading)
  const readers = new Readers(reading, text)
  let isPlaylist = false
  let isFirst = true
  for (const line of playlistLines(text, problems)) {
    if (isFirst && line !== '#EXTM3U') problems.add(`The first line is "${shown(line)}"; it must be #EXTM3U.`)
    isFirst = false
    if (!line.startsWith('#')) {
      const uri = reading.variables.substitute(line).trim()
      if (uri === '') problems.add(`${shown(line)} stands for no address.`)
      else readers.current().uri(uri)
      continue
    }
    const tag = tagOf(line, problems)
    if (tag === undefined) continue // a comment
    isPlaylist = true
    if (!common.tag(tag.name, tag.value)) readers.tag(tag.name, tag.value)
  }
  if (!isPlaylist) {
    throw new CuemuxError('CORRUPT_INDEX', 'This is no playlist: it has no tag of HLS.', { at: { path: 'line 1' } })
  }
  return { ...readers.finish(common), problems: problems.list, unknownTags: readers.unknownTags }
}

/** §4.1: a line that starts with #EXT is a tag. */
function tagOf(line: string, problems: Problems): { readonly name: string; readonly value: string } | undefined {
  const written = /^#(EXT[A-Z0-9-]*)/i.exec(line)?.[1]
  if (written === undefined) return undefined
  const name = written.toUpperCase()
  if (name !== written) problems.add(`${shown(written)} must be written ${shown(name)}.`)
  // IPTV lists have attributes behind `#EXTM3U` and a blank.
  return {
    name,
    value: line
      .slice(1 + written.length)
      .replace(/^:/, '')
      .trim(),
  }
}

/** The tag that only multivariant playlists have, and all of them; a tag that is misplaced doesn't count. */
const STREAM_INF = /^[ \t]*#EXT-X-STREAM-INF:/im

/** Finds out which kind a playlist is by its tags, and has them read. */
class Readers {
  readonly unknownTags: UnknownTag[] = []
  readonly #reading: Reading
  readonly #media: MediaReader
  readonly #multivariant: MultivariantReader
  #kind: ParsedPlaylist['kind'] | undefined

  constructor(reading: Reading, text: string) {
    this.#reading = reading
    this.#media = new MediaReader(reading)
    this.#multivariant = new MultivariantReader(reading)
    if (STREAM_INF.test(text)) this.#kind = 'multivariant'
  }

  /** The reader of the playlist's kind: media where nothing tells. */
  current(): MediaReader | MultivariantReader {
    this.#kind ??= 'media'
    return this.#kind === 'media' ? this.#media : this.#multivariant
  }

  tag(name: string, value: string): void {
    const { problems } = this.#reading
    if (this.#kind === undefined) this.#kind = this.#kindByTag(name, value)
    else if (!this.current().tag(name, value)) {
      if (isKnown(name, this.#kind)) problems.add(`${name} must not stand in a ${this.#kind} playlist.`)
      this.unknownTags.push({ line: problems.line, name, value })
    }
    if (this.#kind === undefined) this.unknownTags.push({ line: problems.line, name, value })
  }

  finish(
    common: CommonTags,
  ): ({ readonly kind: 'media' } & MediaPlaylist) | ({ readonly kind: 'multivariant' } & MultivariantPlaylist) {
    return this.current() === this.#media
      ? { kind: 'media', ...this.#media.finish(common) }
      : { kind: 'multivariant', ...this.#multivariant.finish(common) }
  }

  #kindByTag(name: string, value: string): ParsedPlaylist['kind'] | undefined {
    if (this.#media.tag(name, value)) return 'media'
    return this.#multivariant.tag(name, value) ? 'multivariant' : undefined
  }
}

const MULTIVARIANT_TAG = /^EXT-X-(?:MEDIA|(?:I-FRAME-|IMAGE-)?STREAM-INF|SESSION-(?:DATA|KEY)|CONTENT-STEERING)$/
const MEDIA_TAG =
  /^EXT(?:INF|-X-(?:TARGETDURATION|(?:MEDIA|DISCONTINUITY)-SEQUENCE|PLAYLIST-TYPE|I-FRAMES-ONLY|IMAGES-ONLY|BYTERANGE|DISCONTINUITY|KEY|MAP|PROGRAM-DATE-TIME|GAP|BITRATE|PART|PART-INF|SERVER-CONTROL|DATERANGE|SKIP|PRELOAD-HINT|RENDITION-REPORT|TILES|ENDLIST))$/

/** Whether a tag is one of the other kind of playlist. */
function isKnown(name: string, kind: ParsedPlaylist['kind']): boolean {
  return (kind === 'media' ? MULTIVARIANT_TAG : MEDIA_TAG).test(name)
}
