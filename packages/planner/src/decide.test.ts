import type { AudioCodec, TextCodec } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { audio, text, video } from '../fixtures/films.js'
import { coversCodec, resolveClient } from './client.js'
import { decide } from './decide.js'

const hex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
// decoder configurations that x264 made
const HIGH = hex('0164000affe100196764000aacd9447f9f011000000300100000030300f122596001000668ebe3cb22c0fdf8f800')
const HIGH_10 = hex('016e000affe10018676e000aa6cb423fcf80880000030008000003018078913501000468ce0fc8fdfafa00')
const HIGH_422 = hex('017a000affe10017677a000abcb423fc6e0220000003002000000601e244d401000468ce0fc8fef8f800')

const h264 = (config: Uint8Array, codecString: string) => video({ descriptions: [{ config, codecString }] })
const sound = (codec: AudioCodec, codecString?: string) =>
  audio({ codec, containerCodec: `A_${codec}`, descriptions: [{ config: new Uint8Array(), codecString }] })
const browser = resolveClient()

describe('decide', () => {
  it('copies 8-bit 4:2:0 H.264 and encodes the rest for a browser', () => {
    expect(decide(h264(HIGH, 'avc1.64000a'), browser)).toEqual({
      action: 'copy',
      reason: 'H.264 High 4:2:0 8-bit plays in every browser',
    })
    expect(decide(h264(HIGH_10, 'avc1.6e000a'), browser)).toEqual({
      action: 'encode',
      target: 'h264',
      reason: 'H.264 High 10 4:2:0 10-bit does not play in this browser: it needs encoding to H.264',
    })
    expect(decide(h264(HIGH_422, 'avc1.7a000a'), browser)).toEqual({
      action: 'encode',
      target: 'h264',
      reason: 'H.264 High 4:2:2 8-bit does not play in this browser: it needs encoding to H.264',
    })
    expect(decide(h264(HIGH_10, 'avc1.6e000a'), resolveClient('native')).action).toBe('copy')
  })

  it('goes by what the track says where there is no configuration yet', () => {
    expect(decide(video(), browser)).toEqual({ action: 'copy', reason: 'H.264 8-bit plays in every browser' })
    expect(decide(video({ bitDepth: 10 }), browser).action).toBe('encode')
  })

  it('encodes a track whose configuration is broken', () => {
    const decision = decide(video({ descriptions: [{ config: hex('01'), codecString: undefined }] }), browser)
    expect(decision).toEqual({
      action: 'encode',
      target: 'h264',
      reason: 'The decoder configuration of the H.264 8-bit track is broken: it needs encoding to H.264',
    })
  })

  it('copies nothing that the muxer has no place for, whatever plays it', () => {
    const trueHd = audio({ codec: 'truehd', descriptions: [{ config: new Uint8Array(), codecString: 'mlpa' }] })
    expect(decide(trueHd, resolveClient(['avc1', 'mp4a.40.2', 'mlpa'])).action).toBe('encode')
  })

  it('encodes to nothing that the client plays no more than the source', () => {
    expect(decide(video({ codec: 'vp8' }), resolveClient(['av01', 'opus']))).toEqual({
      action: 'drop',
      reason: 'VP8 8-bit does not play in this player, nor does the H.264 that it could be encoded to',
    })
    const ac3 = audio({ codec: 'ac3', descriptions: [{ config: new Uint8Array(), codecString: 'ac-3' }] })
    expect(decide(ac3, resolveClient(['avc1', 'mp4a.40.2'])).action).toBe('encode')
    expect(decide(ac3, resolveClient(['avc1', 'opus'])).action).toBe('drop')
  })

  it('keeps Dolby Vision that is nothing else from players that know HEVC alone', () => {
    const dolby = video({
      codec: 'hevc',
      bitDepth: 10,
      descriptions: [{ config: new Uint8Array(), codecString: 'dvh1.05.06' }],
    })
    expect(decide(dolby, resolveClient(['hvc1', 'avc1'])).action).toBe('encode')
    expect(decide(dolby, resolveClient(['hvc1', 'dvh1.05'])).action).toBe('copy')
  })

  it('decides on the other video codecs by client', () => {
    const hevc = video({ codec: 'hevc', bitDepth: 10 })
    const actions = (track: typeof hevc) =>
      (['browser', 'safari', 'chromecast', 'native'] as const).map(name => decide(track, resolveClient(name)).action)
    expect(actions(hevc)).toEqual(['encode', 'copy', 'encode', 'copy'])
    expect(actions(video({ codec: 'hevc', bitDepth: 12 }))).toEqual(['encode', 'encode', 'encode', 'copy'])
    expect(actions(video({ codec: 'av1' }))).toEqual(['encode', 'encode', 'encode', 'copy'])
    expect(actions(video({ codec: 'mpeg2' }))).toEqual(['encode', 'encode', 'encode', 'encode'])
    expect(actions(video({ codec: 'unknown' }))).toEqual(['encode', 'encode', 'encode', 'encode'])
  })

  it('decides on sound by client', () => {
    const codecs = [
      'aac',
      'mp3',
      'opus',
      'flac',
      'ac3',
      'eac3',
      'alac',
      'mp2',
      'vorbis',
      'dts',
      'truehd',
      'pcm',
    ] as const
    const copied = (name: string) => codecs.filter(codec => decide(sound(codec), resolveClient(name)).action === 'copy')
    expect(copied('browser')).toEqual(['aac', 'mp3', 'opus', 'flac'])
    expect(copied('safari')).toEqual(['aac', 'mp3', 'opus', 'flac', 'ac3', 'eac3', 'alac'])
    expect(copied('chromecast')).toEqual(['aac', 'mp3', 'opus', 'flac'])
    expect(copied('native')).toEqual(['aac', 'mp3', 'opus', 'flac', 'ac3', 'eac3', 'alac'])
    expect(decide(sound('ac3'), browser)).toEqual({
      action: 'encode',
      target: 'aac',
      reason: 'AC-3 does not play in this browser: it needs encoding to AAC',
    })
    expect(decide(sound('dts'), resolveClient('native')).reason).toBe(
      'DTS is not carried in fragmented MP4: it needs encoding to AAC',
    )
    expect(decide(audio({ channels: 6 }), browser).reason).toBe('AAC-LC plays in every browser')
    expect(decide(sound('aac', 'mp4a.40.42'), browser).reason).toBe(
      'xHE-AAC does not play in this browser: it needs encoding to AAC',
    )
  })

  it('makes WebVTT of text and drops pictures', () => {
    expect(decide(text(), browser)).toEqual({
      action: 'encode',
      target: 'webvtt',
      reason: 'SRT subtitles need conversion to WebVTT',
    })
    expect(decide(text({ codec: 'pgs' }), browser)).toEqual({
      action: 'drop',
      reason: 'PGS subtitles are pictures, which players do not show',
    })
    const actions = (['ass', 'webvtt', 'tx3g', 'vobsub', 'dvbsub', 'unknown'] satisfies TextCodec[]).map(
      codec => decide(text({ codec }), browser).action,
    )
    expect(actions).toEqual(['encode', 'encode', 'encode', 'drop', 'drop', 'drop'])
  })

  it('goes by a list of what the client plays', () => {
    const client = resolveClient(['avc1', 'hvc1.1', 'mp4a.40', 'ac-3', 'OPUS', 'flac', 'mp3'])
    const action = (track: Parameters<typeof decide>[0]) => decide(track, client).action
    expect(action(video())).toBe('copy')
    expect(action(video({ bitDepth: 10 }))).toBe('encode')
    const hevc = (codecString: string) =>
      video({ codec: 'hevc', descriptions: [{ config: new Uint8Array(), codecString }] })
    expect(action(hevc('hvc1.1.6.L93.B0'))).toBe('copy')
    expect(action(hevc('hvc1.2.4.L93.B0'))).toBe('encode')
    expect(['aac', 'opus', 'flac', 'ac3', 'mp3', 'eac3'].map(codec => action(sound(codec as AudioCodec)))).toEqual([
      'copy',
      'copy',
      'copy',
      'copy',
      'copy',
      'encode',
    ])
    expect(decide(audio(), client).reason).toBe('AAC-LC plays in this player')
  })
})

describe('resolveClient', () => {
  it('matches at dots only', () => {
    expect(coversCodec('hvc1.1', 'hvc1.1.6.L93.B0')).toBe(true)
    expect(coversCodec('hvc1.1', 'hvc1.10.6')).toBe(false)
    expect(coversCodec('hvc1.1.6', 'hvc1.1')).toBe(false)
    expect(coversCodec('av01.0.04M.08', 'av01.0.04M.08')).toBe(true)
  })

  it('names what is allowed', () => {
    const allowed = 'allowed are browser, safari, chromecast, native, or a list such as ["avc1", "mp4a.40.2"].'
    const message = (client: string | string[]) => {
      try {
        resolveClient(client)
      } catch (error) {
        return error instanceof Error ? `${(error as { code?: string }).code}: ${error.message}` : ''
      }
      return 'nothing'
    }
    expect(message('netscape')).toBe(`BAD_REQUEST: client "netscape" is not known; ${allowed}`)
    expect(message('toString')).toBe(`BAD_REQUEST: client "toString" is not known; ${allowed}`)
    expect(message([])).toBe(`BAD_REQUEST: the list of what the client plays is empty; ${allowed}`)
    expect(message(['avc1', 'a b'])).toBe(`BAD_REQUEST: "a b" is no RFC 6381 codec string; ${allowed}`)
    expect(message(new Array(257).fill('avc1'))).toBe(`BAD_REQUEST: the list has more than 256 entries; ${allowed}`)
  })
})

describe('decide on sound in plain words', () => {
  const pcm = (config: Uint8Array) =>
    audio({
      codec: 'pcm',
      bitDepth: 24,
      descriptions: [{ config, codecString: config.length > 0 ? 'ipcm' : undefined }],
    })
  const reason = (track: ReturnType<typeof audio>, client: string) => decide(track, resolveClient(client)).reason

  it('copies PCM that MP4 can carry, for native players', () => {
    expect(decide(pcm(hex('000000000118')), resolveClient('native'))).toEqual({
      action: 'copy',
      reason: 'PCM 24-bit plays in native players',
    })
    expect(reason(pcm(new Uint8Array()), 'native')).toBe(
      'PCM 24-bit is not carried in fragmented MP4: it needs encoding to AAC',
    )
    expect(reason(pcm(hex('000000000118')), 'browser')).toBe(
      'PCM 24-bit does not play in this browser: it needs encoding to AAC',
    )
  })

  it('says which AAC it is', () => {
    expect(reason(sound('aac', 'mp4a.40.5'), 'browser')).toBe('HE-AAC plays in every browser')
    expect(reason(sound('aac', 'mp4a.40.29'), 'chromecast')).toBe('HE-AAC v2 plays in Chromecast')
    expect(reason(sound('aac', 'mp4a.40.42'), 'browser')).toBe(
      'xHE-AAC does not play in this browser: it needs encoding to AAC',
    )
  })

  it('says why Dolby Digital is not copied', () => {
    expect(reason(sound('ac3', 'ac-3'), 'browser')).toBe('AC-3 does not play in this browser: it needs encoding to AAC')
    expect(reason(audio({ codec: 'eac3', hasJoc: true }), 'safari')).toBe('E-AC-3 with Atmos plays in Safari')
  })
})
