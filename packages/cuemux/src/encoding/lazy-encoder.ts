import type { EncoderOptions } from './options.js'
import type { EncoderService } from './service.js'

/** The encoder by ffmpeg, whose modules are loaded when something is to be encoded: most films need none. */
export function lazyEncoder(options: EncoderOptions): EncoderService {
  const load = async (): Promise<EncoderService> => (await import('./ffmpeg-encoder.js')).ffmpegEncoder(options)
  return {
    open: async request => (await load()).open(request),
    openForeign: async (source, readOptions) => (await load()).openForeign(source, readOptions),
    makeTiles: async request => (await load()).makeTiles(request),
    availability: async () => (await load()).availability(),
  }
}
