import { forceKeyframes } from '../arguments/keyframes.js'

/** What becomes of a live picture. */
export type LiveVideo =
  | { readonly mode: 'copy' }
  | {
      readonly mode: 'encode'
      /** The picture fits into these, with square pixels; never enlarged. */
      readonly maxWidth: number
      readonly maxHeight: number
      readonly bitrateBps: number
      /** Keyframes come at multiples of this after the first, ms. */
      readonly keyframeMs: number
      /** Of x264: `ultrafast` for little work, `veryfast` for a better picture. */
      readonly preset: 'ultrafast' | 'superfast' | 'veryfast'
      /** Frames a second to be kept to, where the source's rate is known to be constant; `own`: its own, whatever that is. */
      readonly frameRate: readonly [numerator: number, denominator: number] | 'own' | 'variable'
    }

/** What becomes of a live sound. */
export type LiveAudio =
  | { readonly mode: 'copy' }
  | { readonly mode: 'encode'; readonly bitrateBps: number /** Default 48 kHz. */; readonly sampleRate?: number }

/** What ffmpeg makes of a live input. */
export interface LiveOutput {
  readonly video: LiveVideo | undefined
  readonly audio: LiveAudio | undefined
  /** The sound is in an input of its own, on the same clock. */
  readonly hasOwnSound?: boolean
}

/**
 * Everything behind the inputs: pictures and sound as one FLV stream on stdout (see {@link FlvStream}), each packet as soon as it
 * is there.
 * A stream that the input lacks is left out.
 */
export function liveOutputArguments({ video, audio, hasOwnSound = false }: LiveOutput): readonly string[] {
  return [
    // The inputs' own times, which they share; else each would begin at 0.
    ...(hasOwnSound ? ['-copyts'] : []),
    ...(video === undefined ? [] : ['-map', '0:V:0?', ...videoArguments(video)]),
    ...(audio === undefined ? [] : ['-map', `${hasOwnSound ? 1 : 0}:a:0?`, ...audioArguments(audio)]),
    ...['-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
    // A sound that pauses holds the picture back for half a second at most, not for ten.
    ...['-max_interleave_delta', '500000', '-flush_packets', '1'],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
  ]
}

function videoArguments(video: LiveVideo): readonly string[] {
  if (video.mode === 'copy') return ['-c:v', 'copy']
  const { maxWidth, maxHeight, bitrateBps, keyframeMs, preset, frameRate } = video
  const rate = typeof frameRate === 'string' ? undefined : frameRate
  const keyframes = forceKeyframes({ timescale: 1000, interval: keyframeMs }, rate).value ?? ''
  return [
    ...['-vf', liveFilter(maxWidth, maxHeight)],
    ...(frameRate === 'variable' ? ['-fps_mode', 'vfr'] : ['-fps_mode', 'cfr']),
    ...(rate === undefined ? [] : ['-r', rate.join('/')]),
    // `zerolatency`: no frame waits in the encoder, none is out of order.
    ...['-c:v', 'libx264', '-preset', preset, '-tune', 'zerolatency', '-profile:v', 'high'],
    ...['-b:v', String(bitrateBps), '-maxrate', String(bitrateBps), '-bufsize', String(bitrateBps)],
    ...['-g', '9999', '-sc_threshold', '0', '-forced-idr', '1', '-force_key_frames', keyframes],
  ]
}

/**
 * Deinterlaced where a frame says that it is interlaced, scaled into the box by its shape on the screen, both sides even,
 * square pixels, and 8-bit 4:2:0 whatever came: High 4:2:2 plays in no browser.
 */
function liveFilter(maxWidth: number, maxHeight: number): string {
  const factor = `min(1,min(${maxWidth}/(iw*sar),${maxHeight}/ih))`
  const scale = `scale=w='max(2,2*round(iw*sar*${factor}/2))':h='max(2,2*round(ih*${factor}/2))':flags=bilinear`
  return ['yadif=mode=send_frame:parity=auto:deint=interlaced', scale, 'setsar=1', 'format=yuv420p'].join(',')
}

function audioArguments(audio: LiveAudio): readonly string[] {
  if (audio.mode === 'copy') return ['-c:a', 'copy']
  const { bitrateBps, sampleRate = 48_000 } = audio
  return [
    // Gaps become silence, and a clock that is a little off is followed.
    ...['-af', 'aresample=async=1000', '-c:a', 'aac', '-profile:a', 'aac_low'],
    ...['-b:a', String(bitrateBps), '-ar', String(sampleRate), '-ac', '2'],
  ]
}
