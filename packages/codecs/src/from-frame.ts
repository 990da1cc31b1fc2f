import type { AudioCodec } from '@cuemux/core'
import { aacConfigFromAdts } from './aac.js'
import { ac3ConfigFromFrame, describeAc3 } from './ac3.js'
import { fromMedia, u16 } from './bytes.js'
import type { AudioDescription, FrameConfiguration } from './description.js'
import { describeDtsCore } from './dts.js'
import { eac3ConfigFromFrame } from './eac3.js'
import { parseMpegAudioHeader } from './mpeg-audio.js'
import { opusConfigFromPacket } from './opus.js'
import { describeTrueHd } from './truehd.js'

/**
 * Configuration and description from a track's first frame, for containers that carry none: AC-3 and E-AC-3 (a whole
 * access unit), MPEG audio, DTS (its core), TrueHD (a unit with a major sync), ADTS, Opus (mono or stereo).
 * `undefined` where the frame says nothing.
 *
 * @throws CuemuxError `CORRUPT_MEDIA` for a frame that breaks its own rules
 */
export function audioConfigFromFrame(codec: AudioCodec, frame: Uint8Array): FrameConfiguration | undefined {
  return fromMedia(() => configOf(codec, frame))
}

function configOf(codec: AudioCodec, frame: Uint8Array): FrameConfiguration | undefined {
  switch (codec) {
    case 'ac3': {
      if (u16(frame, 0) !== 0x0b77) return undefined
      const config = ac3ConfigFromFrame(frame)
      return { config, description: describeAc3(config) }
    }
    case 'eac3':
      return u16(frame, 0) === 0x0b77 ? eac3ConfigFromFrame(frame) : undefined
    case 'mp3':
    case 'mp2':
      return withoutRecord(describeMpegAudio(frame))
    case 'dts':
      return withoutRecord(describeDtsCore(frame))
    case 'truehd':
      return withoutRecord(describeTrueHd(frame))
    case 'aac':
      return aacConfigFromAdts(frame)
    case 'opus':
      return opusConfigFromPacket(frame)
    default:
      return undefined
  }
}

function withoutRecord(description: AudioDescription | undefined): FrameConfiguration | undefined {
  return description === undefined ? undefined : { config: new Uint8Array(0), description }
}

function describeMpegAudio(frame: Uint8Array): AudioDescription | undefined {
  const header = parseMpegAudioHeader(frame)
  if (header === undefined) return undefined
  const { sampleRate, channels, frameSamples, bitrateBps } = header
  return { sampleRate, channels, frameSamples, bitrateBps }
}
