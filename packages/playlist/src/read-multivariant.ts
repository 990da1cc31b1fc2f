import { shown } from './attribute-reader.js'
import { type PlaylistKey, readKey } from './key.js'
import type { MultivariantPlaylist } from './multivariant-playlist.js'
import { attributesOf, type CommonTags, type Reading, type TagReader } from './read-common.js'
import { type MediaRendition, RenditionGroups, readMedia } from './rendition.js'
import { type ContentSteering, readContentSteering, readSessionData, type SessionData } from './session.js'
import {
  type IFrameStream,
  type ImageStream,
  readIFrameStream,
  readImageStream,
  readStream,
  type StreamVariant,
} from './stream-inf.js'

/** Reads the tags and addresses of a multivariant playlist (RFC 8216bis §4.4.6). */
export class MultivariantReader implements TagReader {
  readonly #reading: Reading
  readonly #variants: { readonly variant: StreamVariant; readonly line: number }[] = []
  readonly #renditions: MediaRendition[] = []
  readonly #groups = new RenditionGroups()
  readonly #iFrameStreams: IFrameStream[] = []
  readonly #imageStreams: ImageStream[] = []
  readonly #sessionData: SessionData[] = []
  readonly #sessionKeys: PlaylistKey[] = []
  #contentSteering: ContentSteering | undefined
  #pending: Omit<StreamVariant, 'uri'> | undefined

  constructor(reading: Reading) {
    this.#reading = reading
  }

  tag(name: string, value: string): boolean {
    const read = this.#readers[name]
    if (read === undefined) return false
    read(value, name)
    return true
  }

  uri(uri: string): void {
    if (this.#pending === undefined) {
      this.#add(`${shown(uri)} follows no EXT-X-STREAM-INF; an address must.`)
      return
    }
    this.#variants.push({ variant: { uri, ...this.#pending }, line: this.#reading.problems.line })
    this.#pending = undefined
  }

  /** What has been read, once the playlist has ended. */
  finish(common: CommonTags): MultivariantPlaylist {
    if (this.#pending !== undefined) this.#add('EXT-X-STREAM-INF must be followed by an address.')
    this.#checkGroups()
    const { definitions } = this.#reading.variables
    return {
      variants: this.#variants.map(({ variant }) => variant),
      renditions: nonEmpty(this.#renditions),
      iFrameStreams: nonEmpty(this.#iFrameStreams),
      imageStreams: nonEmpty(this.#imageStreams),
      sessionData: nonEmpty(this.#sessionData),
      sessionKeys: nonEmpty(this.#sessionKeys),
      contentSteering: this.#contentSteering,
      definitions: nonEmpty(definitions),
      version: common.version,
      hasIndependentSegments: common.hasIndependentSegments,
      start: common.start,
    }
  }

  readonly #add = (message: string): void => this.#reading.problems.add(message)

  readonly #readers: Readonly<Record<string, (value: string, name: string) => void>> = Object.assign(
    Object.create(null) as Record<string, never>,
    {
      'EXT-X-STREAM-INF': (value: string, name: string) => {
        if (this.#pending !== undefined) this.#add('EXT-X-STREAM-INF must be followed by an address.')
        this.#pending = readStream(attributesOf(this.#reading, name, value), this.#add)
      },
      'EXT-X-MEDIA': (value: string, name: string) => this.#readMedia(value, name),
      'EXT-X-I-FRAME-STREAM-INF': (value: string, name: string) =>
        push(this.#iFrameStreams, readIFrameStream(attributesOf(this.#reading, name, value), this.#add)),
      'EXT-X-IMAGE-STREAM-INF': (value: string, name: string) =>
        push(this.#imageStreams, readImageStream(attributesOf(this.#reading, name, value), this.#add)),
      'EXT-X-SESSION-DATA': (value: string, name: string) =>
        push(this.#sessionData, readSessionData(attributesOf(this.#reading, name, value), this.#add)),
      'EXT-X-SESSION-KEY': (value: string, name: string) =>
        push(this.#sessionKeys, readKey(attributesOf(this.#reading, name, value), this.#add)),
      'EXT-X-CONTENT-STEERING': (value: string, name: string) => {
        this.#contentSteering ??= readContentSteering(attributesOf(this.#reading, name, value))
      },
    },
  )

  /** §4.4.6.1.1: names are unique in a group, and at most one of it is the default. */
  #readMedia(value: string, name: string): void {
    const rendition = readMedia(attributesOf(this.#reading, name, value), this.#add)
    if (rendition === undefined) return
    const admitted = this.#groups.admit(rendition)
    if (admitted.name !== rendition.name) {
      this.#add(
        `EXT-X-MEDIA: another rendition of the group is named "${shown(rendition.name)}"; names must be unique.`,
      )
    }
    if (rendition.isDefault && !admitted.isDefault) this.#add('EXT-X-MEDIA: another one of the group is the default.')
    this.#renditions.push(rendition)
  }

  /** §4.4.6.2: the groups that a variant names are there. */
  #checkGroups(): void {
    for (const { variant, line } of this.#variants) {
      const named = [
        ['AUDIO', variant.audioGroup],
        ['VIDEO', variant.videoGroup],
        ['SUBTITLES', variant.subtitlesGroup],
        ['CLOSED-CAPTIONS', variant.closedCaptionsGroup],
      ] as const
      for (const [type, group] of named) {
        if (group === undefined || this.#groups.has(type, group)) continue
        this.#reading.problems.add(`EXT-X-STREAM-INF: ${type}="${shown(group)}" names no group of EXT-X-MEDIA.`, line)
      }
    }
  }
}

function push<T>(list: T[], value: T | undefined): void {
  if (value !== undefined) list.push(value)
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
