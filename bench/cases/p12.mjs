import { measureWithRecordedArguments } from '../lib/recorded.mjs'
import { selfMeasuringTool } from '../lib/tools.mjs'

/** A film whose picture and sound have to be encoded, in play order, and ffmpeg itself with the same arguments. */
export const p12 = {
  name: 'P12',
  title: 'old.mkv (MPEG-2, AC-3) encoded in play order; ffmpeg alone with the same arguments for the picture',
  inputs: ['old.mkv'],
  maxRuns: 3,
  budgets: { 'whole/ffmpeg': 0.9 },
  tools: inputs => {
    const recorded = measureWithRecordedArguments(inputs['old.mkv'])
    return [
      {
        name: 'cuemux',
        run: () =>
          recorded.whileRecording(env =>
            selfMeasuringTool('cuemux', 'transcode-cuemux', [inputs['old.mkv']], [], env).run(),
          ),
      },
      { name: 'ffmpeg', run: () => recorded.run() },
    ]
  },
}
