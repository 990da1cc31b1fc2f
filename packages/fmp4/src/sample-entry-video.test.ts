import type { VideoTrack } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { describeBoxes } from '../test-support/box-tree.js'
import { bytes, description, videoTrack } from '../test-support/tracks.js'
import { serialize } from './boxes.js'
import { type NalSampleEntry, videoSampleEntry } from './sample-entry-video.js'

const entryOf = (track: VideoTrack, wanted?: NalSampleEntry): string =>
  describeBoxes(serialize([videoSampleEntry(track, track.descriptions[0], wanted)]))
const SHAPE = 'ref 1 reserved 0 1920x1080 dpi 72x72 frames 1 name 0 depth 24 -1'
const typeOf = (track: VideoTrack, wanted?: NalSampleEntry): string => entryOf(track, wanted).slice(0, 4)

describe('videoSampleEntry', () => {
  it.each([
    ['h264', 'avc1', 'avcC'],
    ['hevc', 'hvc1', 'hvcC'],
    ['av1', 'av01', 'av1C'],
    ['vp9', 'vp09', 'vpcC'],
    ['vp8', 'vp08', 'vpcC'],
  ] as const)('%s is %s with its configuration as it came', (codec, type, box) => {
    const track = videoTrack({ codec, descriptions: [description('0102ff00fe')] })
    expect(entryOf(track)).toBe(`${type} ${SHAPE}\n  ${box} 0102ff00fe\n  pasp 0000000100000001\n`)
  })

  it('writes the clean aperture as it came', () => {
    const clap = '0000076c00000001 0000042400000001 0000000000000001 0000000000000001'
    const track = videoTrack({ descriptions: [description('01')], cleanAperture: bytes(clap) })
    expect(entryOf(track)).toContain(`\n  clap ${clap.replaceAll(' ', '')}\n`)
  })

  it('writes Dolby Vision, colour and HDR boxes', () => {
    const track = videoTrack({
      codec: 'hevc',
      descriptions: [description('01')],
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: true },
      hdr: {
        mdcv: bytes('84d07d0033c2 86c41d4c 0bb8 3d13 4042 00989680 00000032'),
        clli: bytes('03e80190'),
        dolbyVision: { box: 'dvvC', payload: bytes('0100103d') },
      },
    })
    expect(entryOf(track)).toBe(`hvc1 ${SHAPE}
  hvcC 01
  dvvC 0100103d
  colr 6e636c7800090010000980
  pasp 0000000100000001
  mdcv 84d07d0033c286c41d4c0bb83d1340420098968000000032
  clli 03e80190
`)
  })

  it('follows the codec string, and the wish where it fits the codec', () => {
    const inBand = videoTrack({ descriptions: [description('01', { codecString: 'avc3.640028' })] })
    const hevc = videoTrack({ codec: 'hevc', descriptions: [description('01', { codecString: 'hev1.1.6.L93.B0' })] })
    expect(typeOf(inBand)).toBe('avc3')
    expect(typeOf(inBand, 'avc1')).toBe('avc1')
    expect(typeOf(inBand, 'hvc1')).toBe('avc3')
    expect(typeOf(hevc)).toBe('hev1')
    expect(typeOf(hevc, 'hvc1')).toBe('hvc1')
    expect(typeOf(videoTrack(), 'avc3')).toBe('avc3')
    const dolby = videoTrack({ codec: 'hevc', descriptions: [description('01', { codecString: 'dvh1.05.06' })] })
    expect(typeOf(dolby)).toBe('dvh1')
  })
})
