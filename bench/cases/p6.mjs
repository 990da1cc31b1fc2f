import { selfMeasuringTool } from '../lib/tools.mjs'

/** The media playlist of two hours out of an index in memory. */
const playlist = extension => ({
  name: `P6 ${extension}`,
  title: `media playlist of long.${extension} from an index in memory`,
  inputs: [`long.${extension}`],
  budgets: { cold: 0.003, again: 0.0001 },
  tools: inputs => [selfMeasuringTool('cuemux', 'playlist-cuemux', [inputs[`long.${extension}`]])],
})

export const p6mkv = playlist('mkv')
export const p6mp4 = playlist('mp4')
