import type { FilmReport } from 'cuemux'
import { describe, expect, it } from 'vitest'
import { decisionWords } from './tracks.js'

type Line = readonly [kind: string, codec: string, action: string, target?: string]

function report(lines: readonly Line[]): FilmReport {
  const tracks = lines.map(([kind, codec], id) => ({ id, kind, codec, containerCodec: codec }))
  const decisions = lines.map(([, , action, target], trackId) => ({ trackId, action, target, reason: '' }))
  return { tracks, decisions } as unknown as FilmReport
}

describe('decisionWords', () => {
  it.each<[string, readonly Line[]]>([
    ['', []],
    [
      'Video copied; audio copied.',
      [
        ['video', 'h264', 'copy'],
        ['audio', 'aac', 'copy'],
      ],
    ],
    [
      'Video copied; audio E-AC-3 → AAC, because this browser does not play E-AC-3; 2 × subtitles SubRip → WebVTT.',
      [
        ['video', 'h264', 'copy'],
        ['audio', 'eac3', 'encode', 'aac'],
        ['text', 'srt', 'encode', 'webvtt'],
        ['text', 'srt', 'encode', 'webvtt'],
      ],
    ],
    ['Subtitles PGS left out.', [['text', 'pgs', 'drop']]],
  ])('says: %s', (words, lines) => {
    expect(decisionWords(report(lines))).toBe(words)
  })

  it('says what the server lacks', () => {
    const lines: readonly Line[] = [['audio', 'ac3', 'encode', 'aac']]
    const words = decisionWords({ ...report(lines), encoder: { isAvailable: false, hint: 'Install ffmpeg.' } })
    expect(words).toBe('Audio AC-3 → AAC, which needs ffmpeg on the server.')
  })
})
