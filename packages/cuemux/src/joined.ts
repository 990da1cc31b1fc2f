import { CuemuxError, type ReadOptions, throwIfAborted } from '@cuemux/core'
import type { VariantPlan } from '@cuemux/planner'
import { type PlaylistSegment, writeMediaPlaylist, writeMultivariantPlaylist } from '@cuemux/playlist'
import { languageName, pictureFacts } from './documents/master.js'
import { etagFor } from './etag.js'
import type { HlsPresentation, ResourceOptions, ResourceTree } from './presentation.js'
import { playlistEntry, type RenditionResources, textPieces, withQuery } from './renditions/rendition.js'
import { CONTENT_TYPES, type Resource, type ResourceEntry } from './resource.js'

/** A presentation with its renditions, as films are joined. */
export interface JoinablePresentation extends HlsPresentation {
  readonly renditions: readonly RenditionResources[]
  /** Ends its encoders. */
  close(): Promise<void>
}

/** Films one after the other as one presentation, a discontinuity between two; below `{n}/` each film's own resources. */
export interface JoinedPresentation extends ResourceTree {
  readonly parts: readonly HlsPresentation[]
}

/** A rendition of the whole: one of each film's, or a gap where a film has none. */
interface Row {
  readonly name: string
  readonly language: string
  readonly title: string | undefined
  readonly isDefault: boolean
  readonly renditions: readonly (RenditionResources | undefined)[]
}

const MASTER: ResourceEntry = { path: 'master.m3u8', kind: 'master', contentType: CONTENT_TYPES.playlist }

/**
 * Joins presentations: the picture of each, the sounds of the first with those of the same language of the others, else
 * with their first ones, and its subtitles with those of the same language. Where a film has none, its part is a gap
 * (EXT-X-GAP).
 *
 * @throws CuemuxError `BAD_REQUEST` for no films, or where some have a picture and some have none
 */
export function joinPresentations(parts: readonly JoinablePresentation[]): JoinedPresentation {
  if (parts.length === 0) throw new CuemuxError('BAD_REQUEST', 'There are no films to join.')
  const mains = parts.map(({ plan }) => plan.variants[0]?.main)
  if (mains.some(main => (main?.kind === 'audio') !== (mains[0]?.kind === 'audio'))) {
    throw new CuemuxError('BAD_REQUEST', 'Films with a picture and films without one can not be joined.')
  }
  return new Joined(parts)
}

class Joined implements JoinedPresentation {
  readonly parts: readonly JoinablePresentation[]
  readonly #main: Row
  readonly #sounds: readonly Row[]
  readonly #texts: readonly Row[]

  constructor(parts: readonly JoinablePresentation[]) {
    this.parts = parts
    const row = (
      name: string,
      find: (part: JoinablePresentation) => string | undefined,
    ): Pick<Row, 'name' | 'renditions'> => ({
      name,
      renditions: parts.map(part => part.renditions.find(one => one.name === find(part))),
    })
    const unknown = { language: 'und', title: undefined, isDefault: false }
    this.#main = { ...row('main', ({ plan }) => plan.variants[0]?.main.name), ...unknown }
    const [first] = parts
    this.#sounds = soundsOf(first).map((sound, i) => ({
      ...row(`audio-${i + 1}`, part => alike(soundsOf(part), sound.language)?.name),
      ...sound,
      name: `audio-${i + 1}`,
      isDefault: i === 0,
    }))
    this.#texts = textsOf(first).map((text, i) => ({
      ...row(`text-${i + 1}`, part => textsOf(part).find(({ language }) => language === text.language)?.name),
      ...text,
      name: `text-${i + 1}`,
      isDefault: false,
    }))
  }

  get #rows(): readonly Row[] {
    return [this.#main, ...this.#sounds, ...this.#texts]
  }

  async resources(options?: ReadOptions): Promise<readonly ResourceEntry[]> {
    const own = [MASTER, ...this.#rows.map(({ name }) => playlistEntry(`${name}/playlist.m3u8`))]
    const below = await Promise.all(
      this.parts.map(async (part, i) =>
        (await part.resources(options))
          .filter(({ kind, path }) => kind !== 'playlist' && this.#isNamed(i, path))
          .map(entry => ({ ...entry, path: `${i + 1}/${entry.path}` })),
      ),
    )
    return [...own, ...below.flat()]
  }

  /** Whether a playlist of the whole names what is at a path of part i. */
  #isNamed(i: number, path: string): boolean {
    return this.#rows.some(({ renditions }) => path.startsWith(`${renditions[i]?.name}/`))
  }

  async resource(path: string, options: ResourceOptions = {}): Promise<Resource> {
    throwIfAborted(options.signal)
    const [, number, rest] = /^([1-9]\d{0,4})\/(.+)$/.exec(path) ?? []
    const part = number === undefined ? undefined : this.parts[Number(number) - 1]
    if (part !== undefined && rest !== undefined) {
      const made = await part.resource(rest, options)
      return { ...made, path }
    }
    if (path === MASTER.path) return this.#text(MASTER, this.#master(options.query), options)
    const row = this.#rows.find(({ name }) => path === `${name}/playlist.m3u8`)
    if (row === undefined) throw new CuemuxError('NOT_FOUND', `The presentation has no "${path.slice(0, 100)}".`)
    return this.#text(playlistEntry(path), await this.#playlist(row, options.query), options)
  }

  async #text(entry: ResourceEntry, text: string, { query }: ResourceOptions): Promise<Resource> {
    const pieces = textPieces(text)
    // The text is what it depends on.
    return {
      ...entry,
      pieces,
      byteLength: pieces[0]?.byteLength ?? 0,
      etag: etagFor(text, `${entry.path}?${query ?? ''}`),
    }
  }

  #master(query: string | undefined): string {
    const addressOf = (name: string): string => withQuery(`${name}/playlist.m3u8`, query)
    const variants = this.parts.flatMap(({ plan }) => plan.variants[0] ?? [])
    const highest = (rate: 'peakBps' | 'averageBps'): number => Math.max(...variants.map(variant => variant[rate]))
    const media = (row: Row, type: 'AUDIO' | 'SUBTITLES', groupId: string) => ({
      type,
      groupId,
      name: row.title ?? languageName(row.language) ?? row.name,
      language: row.language,
      isDefault: row.isDefault,
      isAutoselect: true,
      uri: addressOf(row.name),
    })
    return writeMultivariantPlaylist({
      renditions: [
        ...this.#sounds.map(row => media(row, 'AUDIO', 'audio')),
        ...this.#texts.map(row => media(row, 'SUBTITLES', 'subtitles')),
      ],
      variants: [
        {
          uri: addressOf(this.#main.name),
          bandwidthBps: highest('peakBps'),
          averageBandwidthBps: highest('averageBps'),
          codecs: [...new Set(variants.flatMap(({ codecs }) => codecs))],
          ...pictureOf(variants[0]),
          audioGroup: this.#sounds.length > 0 ? 'audio' : undefined,
          subtitlesGroup: this.#texts.length > 0 ? 'subtitles' : undefined,
        },
      ],
    })
  }

  async #playlist(row: Row, query: string | undefined): Promise<string> {
    const segments: PlaylistSegment[] = []
    for (const [i, rendition] of row.renditions.entries()) {
      // The picture's playlist tells how long the part is where the row has nothing of it.
      const [found, isGap] = [rendition ?? this.#main.renditions[i], rendition === undefined]
      if (found === undefined) continue
      const own = await found.playlist(query)
      own.segments.forEach((segment, n) => {
        const address = (uri: string): string => `../${i + 1}/${found.name}/${uri}`
        const map = segment.map === undefined ? undefined : { ...segment.map, uri: address(segment.map.uri) }
        segments.push({
          ...segment,
          uri: address(segment.uri),
          map: isGap ? undefined : map,
          isGap,
          isDiscontinuity: (segment.isDiscontinuity ?? false) || (n === 0 && i > 0),
        })
      })
    }
    const targetDuration = Math.max(...this.parts.map(({ plan }) => plan.targetDuration))
    return writeMediaPlaylist({ targetDuration, type: 'VOD', isEnded: true, segments })
  }
}

interface Choice {
  readonly name: string
  readonly language: string
  readonly title: string | undefined
}

function soundsOf(part: JoinablePresentation | undefined): Choice[] {
  const sounds = part?.plan.variants[0]?.audio ?? []
  return sounds.flatMap(({ name, tracks }) => tracks.map(({ language, title }) => ({ name, language, title })))
}

function textsOf(part: JoinablePresentation | undefined): Choice[] {
  return (part?.plan.texts ?? []).map(({ name, track }) => ({ name, language: track.language, title: track.title }))
}

function alike(choices: readonly Choice[], language: string): Choice | undefined {
  return choices.find(choice => choice.language === language) ?? choices[0]
}

function pictureOf(variant: VariantPlan | undefined): object {
  const video = variant?.main.tracks.find(track => track.kind === 'video')
  if (video === undefined) return {}
  return { ...pictureFacts(video), frameRate: video.frameRate }
}
