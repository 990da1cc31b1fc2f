import { selfMeasuringTool } from '../lib/tools.mjs'

/** Single six-second segments from a warm index. */
export const p8 = {
  name: 'P8',
  title: 'one 6 s video segment of film.mkv, warm index, in process',
  inputs: ['film.mkv'],
  budgets: { p50: 0.003, p99: 0.008 },
  tools: inputs => [
    selfMeasuringTool('cuemux', 'segment-cuemux', [inputs['film.mkv']]),
    selfMeasuringTool('mediabunny', 'segment-mediabunny', [inputs['film.mkv']]),
  ],
}
