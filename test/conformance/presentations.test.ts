import { describe, expect, test } from 'vitest'
import { judge } from '../hls-check/judge.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

interface Input {
  readonly name: string
  /** Tracks of the presentation by folder. */
  readonly renditions: readonly string[]
  readonly segments: number
  /** The index knows every sample's size, and BANDWIDTH is exact. */
  readonly sizesKnown?: true
  /** Who plays it, where that is not any browser. */
  readonly client?: 'native'
}

const film = ['video-1', 'audio-2']

/** Each input's presentation, judged by its bytes and beside its source. */
const inputs: readonly Input[] = [
  { name: 'h264_aac.mkv', renditions: film, segments: 5 },
  { name: 'h264_aac.mp4', renditions: film, segments: 5, sizesKnown: true },
  { name: 'h264_aac_fast.mp4', renditions: film, segments: 5, sizesKnown: true },
  { name: 'h264_aac.mov', renditions: film, segments: 5, sizesKnown: true },
  { name: 'h264_23976.mkv', renditions: film, segments: 5 },
  { name: 'h264_vfr.mkv', renditions: film, segments: 5 },
  { name: 'h264_opengop.mkv', renditions: film, segments: 10 },
  { name: 'h264_44100.mkv', renditions: film, segments: 4 },
  { name: 'h264_cuesfront.mkv', renditions: film, segments: 5 },
  { name: 'h264_offset10.mkv', renditions: film, segments: 5 },
  { name: 'h264_lateaudio.mkv', renditions: film, segments: 5 },
  { name: 'h264_videoonly.mkv', renditions: ['video-1'], segments: 5 },
  { name: 'aac_only.mka', renditions: ['audio-1'], segments: 4 },
  { name: 'aac_only.m4a', renditions: ['audio-1'], segments: 5, sizesKnown: true },
  { name: 'rotated.mp4', renditions: film, segments: 5, sizesKnown: true },
  { name: 'lacing_ebml_aac.mkv', renditions: film, segments: 5 },
  // Browsers don't play AC-3: it is encoded.
  { name: 'lacing.mkv', renditions: film, segments: 5 },
  { name: 'lacing.mkv', renditions: film, segments: 5, client: 'native' },
  { name: 'zlib.mkv', renditions: ['video-1', 'audio-2', 'audio-3'], segments: 5 },
]

describe.each(inputs.map(input => [input.name, input.client ?? 'browser', input] as const))(
  '%s for %s',
  (name, client, input) => {
    const { renditions, segments, sizesKnown } = input
    test('keeps every rule, and every frame and sound of its source', async () => {
      const source = await makeMedia(name)
      const { presentation, load, close } = await presentFile(source, { client })
      try {
        const { summary } = await judge(load, { source, ...(sizesKnown ? { bandwidthSlack: 1.1 } : {}) })
        expect(summary).toEqual([])
        const resources = await presentation.resources()
        const folders = new Set(resources.map(({ path }) => path.split('/')[0]))
        for (const document of ['master.m3u8', 'manifest.mpd', 'iframes']) folders.delete(document)
        expect([...folders]).toEqual(renditions)
        const made = resources.filter(({ kind, path }) => kind === 'segment' && path.startsWith(`${renditions[0]}/`))
        expect(made).toHaveLength(segments)
      } finally {
        await close()
      }
    })
  },
)
