import { selfMeasuringTool } from '../lib/tools.mjs'

const budgets = { warm: 0.002, cold: 0.01, 'cold/memoryBytes': 8e6 }

/** The index of a two-hour MP4 out of its bytes. */
export const p5mp4 = {
  name: 'P5 mp4',
  title: 'index of long.mp4 from its bytes, in process',
  inputs: ['long.mp4'],
  budgets,
  tools: inputs => [
    selfMeasuringTool('cuemux', 'index-cuemux', [inputs['long.mp4']]),
    selfMeasuringTool('mp4box', 'index-mp4box', [inputs['long.mp4']]),
  ],
}

/** The index of a two-hour MKV out of its bytes. */
export const p5mkv = {
  name: 'P5 mkv',
  title: 'index of long.mkv from its bytes, in process; ebml decodes the Cues alone',
  inputs: ['long.mkv'],
  budgets,
  tools: inputs => [
    selfMeasuringTool('cuemux', 'index-cuemux', [inputs['long.mkv']]),
    selfMeasuringTool('ebml', 'index-ebml', [inputs['long.mkv']]),
  ],
}
