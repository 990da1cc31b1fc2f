import { ffmpegSegmentTool, selfMeasuringTool } from '../lib/tools.mjs'

/** Six seconds of AC-3 in six channels as AAC: the first that is asked for, and those after it. */
export const p11 = {
  name: 'P11',
  title: 'AC-3 5.1 → AAC, a 6 s segment',
  inputs: ['surround.mkv'],
  budgets: { first: 0.12, next: 0.02 },
  tools: inputs => [
    selfMeasuringTool('cuemux', 'sound-cuemux', [inputs['surround.mkv']]),
    ffmpegSegmentTool('ffmpeg', 'first', inputs['surround.mkv'], [
      ...['-map', '0:a', '-c:a', 'aac', '-b:a', '384k', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'],
    ]),
  ],
}
