import { CuemuxError, type TextTrack, type Track } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { describeBoxes } from '../test-support/box-tree.js'
import { audioTrack, description, videoTrack } from '../test-support/tracks.js'
import { supportedInMp4, writeInitSegment } from './init.js'

const IDENTITY = '1 0 0 0 1 0 0 0 1'

describe('writeInitSegment', () => {
  it('writes every box of a film with picture and sound', () => {
    const init = writeInitSegment([{ track: videoTrack() }, { track: audioTrack({ language: 'en' }) }])
    expect(describeBoxes(init)).toBe(`ftyp iso6 0 iso6 cmfc mp41
moov
  mvhd v0 f0 created 0 modified 0 timescale 1000 duration 0 rate 1 volume 1 matrix ${IDENTITY} next 3
  trak
    tkhd v0 f3 created 0 modified 0 id 1 reserved 0 duration 0 layer 0 group 0 volume 0 matrix ${IDENTITY} size 1920x1080
    mdia
      mdhd v0 f0 created 0 modified 0 timescale 24000 duration 0 language und
      hdlr v0 f0 vide 'Video' 0
      minf
        vmhd v0 f1 mode 0 colour 0 0 0
        dinf
          dref v0 f0 entries 1
            url  v0 f1 0 bytes
        stbl
          stsd v0 f0 entries 1
            avc1 ref 1 reserved 0 1920x1080 dpi 72x72 frames 1 name 0 depth 24 -1
              avcC 01640028ffe100046764002801000468ee3cb0
              pasp 0000000100000001
          stts v0 f0 entries 0
          stsc v0 f0 entries 0
          stsz v0 f0 size 0 count 0
          stco v0 f0 entries 0
  trak
    tkhd v0 f3 created 0 modified 0 id 2 reserved 0 duration 0 layer 0 group 0 volume 1 matrix ${IDENTITY} size 0x0
    mdia
      mdhd v0 f0 created 0 modified 0 timescale 48000 duration 0 language eng
      hdlr v0 f0 soun 'Audio' 0
      minf
        smhd v0 f0 balance 0 reserved 0
        dinf
          dref v0 f0 entries 1
            url  v0 f1 0 bytes
        stbl
          stsd v0 f0 entries 1
            mp4a ref 1 reserved 0 channels 2 bits 16 rate 48000
              esds 000000000319000000041140150006000008ca000000000005021190060102
          stts v0 f0 entries 0
          stsc v0 f0 entries 0
          stsz v0 f0 size 0 count 0
          stco v0 f0 entries 0
  mvex
    trex v0 f0 id 1 description 1 duration 0 size 0 flags 0
    trex v0 f0 id 2 description 1 duration 0 size 0 flags 0
`)
  })

  it('gives the same bytes again', () => {
    const tracks = [{ track: videoTrack() }, { track: audioTrack() }]
    expect(writeInitSegment(tracks)).toEqual(writeInitSegment(tracks))
  })

  it('tells the duration only of a single file', () => {
    const init = writeInitSegment([{ track: videoTrack() }], { durationMs: 61_500.4 })
    expect(describeBoxes(init)).toContain('  mvex\n    mehd v0 f0 duration 61500\n    trex v0 f0 id 1')
  })

  it('takes ids and languages of the output', () => {
    const audio = audioTrack({ language: 'ja' })
    const tree = describeBoxes(writeInitSegment([{ track: audio, trackId: 7, language: 'pt-BR' }]))
    expect(tree).toContain('tkhd v0 f3 created 0 modified 0 id 7 ')
    expect(tree).toContain('next 8\n')
    expect(tree).toContain('trex v0 f0 id 7 ')
    expect(tree).toContain('language por\n')
    expect(tree).toContain("elng v0 f0 'pt-BR' 0\n")
  })

  it('names a track by its title, in UTF-8', () => {
    expect(describeBoxes(writeInitSegment([{ track: audioTrack({ title: 'Tön 音\0' }) }]))).toContain(
      "soun 'Tön 音' 0\n",
    )
  })

  it.each([
    [0, 1920, '1 0 0 0 1 0 0 0 1'],
    [90, 1920, '0 1 0 -1 0 0 1080 0 1'],
    [180, 1920, '-1 0 0 0 -1 0 1920 1080 1'],
    [270, 1920, '0 -1 0 1 0 0 0 1920 1'],
  ] as const)('shows %i degrees as a matrix', (rotation, width, matrix) => {
    const tree = describeBoxes(writeInitSegment([{ track: videoTrack({ rotation }) }]))
    expect(tree).toContain(`volume 0 matrix ${matrix} size ${width}x1080\n`)
  })

  it('widens the picture by the shape of its pixels', () => {
    const track = videoTrack({ width: 1440, pixelAspect: [4, 3] })
    const tree = describeBoxes(writeInitSegment([{ track }]))
    expect(tree).toContain('size 1920x1080\n')
    expect(tree).toContain('avc1 ref 1 reserved 0 1440x1080 ')
    expect(tree).toContain('pasp 0000000400000003\n')
  })

  it('has an entry for each description', () => {
    const descriptions = [description('01'), description('02', { width: 1280, height: 720 })] as const
    expect(describeBoxes(writeInitSegment([{ track: videoTrack({ descriptions }) }]))).toContain(
      `stsd v0 f0 entries 2
            avc1 ref 1 reserved 0 1920x1080 dpi 72x72 frames 1 name 0 depth 24 -1
              avcC 01
              pasp 0000000100000001
            avc1 ref 1 reserved 0 1280x720 dpi 72x72 frames 1 name 0 depth 24 -1
              avcC 02
              pasp 0000000100000001
`,
    )
  })
})

describe('what an init segment refuses', () => {
  const codeOf = (run: () => unknown): string => {
    try {
      run()
    } catch (error) {
      if (error instanceof CuemuxError) return error.code
      throw error
    }
    return 'no error'
  }
  const none = [description('')] as const

  it.each([
    ['no tracks', 'BAD_REQUEST', () => writeInitSegment([])],
    [
      'an id twice',
      'BAD_REQUEST',
      () => writeInitSegment([{ track: videoTrack() }, { track: audioTrack(), trackId: 1 }]),
    ],
    ['the id 0', 'BAD_REQUEST', () => writeInitSegment([{ track: videoTrack(), trackId: 0 }])],
    ['an id over 32 bits', 'BAD_REQUEST', () => writeInitSegment([{ track: videoTrack({ id: 2 ** 32 }) }])],
    ['a broken timescale', 'BAD_REQUEST', () => writeInitSegment([{ track: videoTrack({ timescale: 29.97 }) }])],
    ['a broken duration', 'BAD_REQUEST', () => writeInitSegment([{ track: videoTrack() }], { durationMs: Number.NaN })],
    ['video MP4 lacks', 'UNSUPPORTED_CODEC', () => writeInitSegment([{ track: videoTrack({ codec: 'mpeg2' }) }])],
    ['audio MP4 lacks', 'UNSUPPORTED_CODEC', () => writeInitSegment([{ track: audioTrack({ codec: 'vorbis' }) }])],
    ['video without avcC', 'CORRUPT_INDEX', () => writeInitSegment([{ track: videoTrack({ descriptions: none }) }])],
    ['AAC without config', 'CORRUPT_INDEX', () => writeInitSegment([{ track: audioTrack({ descriptions: none }) }])],
  ])('%s: %s', (_what, code, run) => {
    expect(codeOf(run)).toBe(code)
  })
})

describe('supportedInMp4', () => {
  it('knows the codecs that have a sample entry', () => {
    const video = (['h264', 'hevc', 'av1', 'vp9', 'vp8', 'mpeg4', 'mpeg2', 'mpeg1', 'unknown'] as const).filter(codec =>
      supportedInMp4(videoTrack({ codec })),
    )
    const audio = (
      ['aac', 'mp3', 'mp2', 'opus', 'vorbis', 'flac', 'alac', 'ac3', 'eac3', 'dts', 'truehd', 'pcm', 'unknown'] as const
    ).filter(codec => supportedInMp4(audioTrack({ codec })))
    expect(video).toEqual(['h264', 'hevc', 'av1', 'vp9', 'vp8'])
    expect(audio).toEqual(['aac', 'mp3', 'mp2', 'opus', 'flac', 'alac', 'ac3', 'eac3', 'pcm'])
  })

  it('has none for text', () => {
    const text: Track = { ...(videoTrack() as unknown as TextTrack), kind: 'text', codec: 'srt' }
    expect(supportedInMp4(text)).toBe(false)
  })
})
