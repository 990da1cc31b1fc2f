import { Attributes } from './attribute-reader.js'
import type { PlaylistStart } from './media-playlist.js'
import type { Problems } from './problems.js'
import type { Variables } from './variables.js'

/** A tag that isn't known: to be ignored by players (RFC 8216bis §6.3.1), and kept for those who know it. */
export interface UnknownTag {
  /** Number of its line, from 1. */
  readonly line: number
  /** As `EXT-X-CUE-OUT`. */
  readonly name: string
  /** What is behind its colon; empty without one. */
  readonly value: string
}

/** What the readers of both kinds of playlist share. */
export interface Reading {
  readonly problems: Problems
  readonly variables: Variables
}

/** A reader of one kind of playlist. */
export interface TagReader {
  /** Reads a tag; `false` where it doesn't know it. */
  tag(name: string, value: string): boolean
  /** Reads a line that is an address. */
  uri(uri: string): void
}

/** The attributes behind a tag. */
export function attributesOf(reading: Reading, tag: string, value: string): Attributes {
  return new Attributes(tag, value, reading.problems, reading.variables)
}

/** The tags that both kinds of playlist have (§4.4.1, §4.4.2). */
export class CommonTags implements TagReader {
  version: number | undefined
  hasIndependentSegments: true | undefined
  start: PlaylistStart | undefined
  readonly #reading: Reading

  constructor(reading: Reading) {
    this.#reading = reading
  }

  tag(name: string, value: string): boolean {
    const { problems, variables } = this.#reading
    if (name === 'EXT-X-VERSION') {
      if (this.version !== undefined) problems.add('EXT-X-VERSION is there twice; once is allowed.')
      this.version ??= wholeNumber(name, value, problems)
      variables.useVersion(this.version ?? 1)
    } else if (name === 'EXT-X-INDEPENDENT-SEGMENTS') this.hasIndependentSegments = true
    else if (name === 'EXT-X-START') this.#readStart(attributesOf(this.#reading, name, value))
    else if (name === 'EXT-X-DEFINE') variables.define(attributesOf(this.#reading, name, value))
    else return name === 'EXTM3U'
    return true
  }

  uri(): void {}

  #readStart(attributes: Attributes): void {
    const offset = attributes.decimal('TIME-OFFSET', true)
    if (offset === undefined) this.#reading.problems.add('EXT-X-START needs TIME-OFFSET, in seconds.')
    else this.start = { offsetMs: Math.round(offset * 1000) || 0, isPrecise: attributes.yes('PRECISE') }
  }
}

/** A decimal-integer behind a tag; a decimal number is rounded up. */
export function wholeNumber(tag: string, text: string, problems: Problems): number | undefined {
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  problems.add(`${tag} is "${text.slice(0, 40)}"; it must be a whole number below 2^53.`)
  const match = /^\d{1,15}(?:\.\d*)?/.exec(text)
  return match === null ? undefined : Math.ceil(Number(match[0]))
}
