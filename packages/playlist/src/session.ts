import type { Attributes } from './attribute-reader.js'
import { maybeQuoted, quoted, quotedUri, tagLine } from './attributes.js'

/** EXT-X-SESSION-DATA (RFC 8216bis §4.4.6.4): something said of the film. One of `value` and `uri` is there. */
export interface SessionData {
  /** What it is, in reverse DNS order, as `com.apple.hls.chapters`. */
  readonly dataId: string
  readonly value?: string | undefined
  /** A resource that has it: JSON, unless the format is RAW. */
  readonly uri?: string | undefined
  readonly format?: 'JSON' | 'RAW' | undefined
  /** BCP 47, of `value`. */
  readonly language?: string | undefined
}

/** EXT-X-CONTENT-STEERING (§4.4.6.6): the server that says which pathway to take. */
export interface ContentSteering {
  readonly serverUri: string
  /** The pathway to begin with. */
  readonly pathwayId?: string | undefined
}

/** The EXT-X-SESSION-DATA tag with its line end. */
export function sessionDataTag({ dataId, value, uri, format, language }: SessionData): string {
  return tagLine('EXT-X-SESSION-DATA', [
    ['DATA-ID', quoted(dataId)],
    ['VALUE', maybeQuoted(value)],
    ['URI', uri === undefined ? undefined : quotedUri(uri)],
    ['FORMAT', format],
    ['LANGUAGE', maybeQuoted(language)],
  ])
}

/** Reads EXT-X-SESSION-DATA; `undefined` without DATA-ID. */
export function readSessionData(attributes: Attributes, add: (message: string) => void): SessionData | undefined {
  const dataId = attributes.needed('DATA-ID')
  if (dataId === undefined) return undefined
  const value = attributes.string('VALUE')
  const uri = attributes.string('URI')
  if ((value === undefined) === (uri === undefined)) add('EXT-X-SESSION-DATA needs VALUE or URI, not both.')
  return {
    dataId,
    value,
    uri,
    format: attributes.enumerated('FORMAT', ['JSON', 'RAW']),
    language: attributes.string('LANGUAGE'),
  }
}

/** The EXT-X-CONTENT-STEERING tag with its line end. */
export function contentSteeringTag({ serverUri, pathwayId }: ContentSteering): string {
  return tagLine('EXT-X-CONTENT-STEERING', [
    ['SERVER-URI', quotedUri(serverUri)],
    ['PATHWAY-ID', maybeQuoted(pathwayId)],
  ])
}

/** Reads EXT-X-CONTENT-STEERING; `undefined` without SERVER-URI. */
export function readContentSteering(attributes: Attributes): ContentSteering | undefined {
  const serverUri = attributes.needed('SERVER-URI')
  return serverUri === undefined ? undefined : { serverUri, pathwayId: attributes.string('PATHWAY-ID') }
}
