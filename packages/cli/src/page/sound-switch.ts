import type { MediaPlaylist } from 'hls.js'
import Hls from 'hls.js'

/** A part of hls.js that is its own matter: the tracks of its buffers. */
interface BufferController {
  readonly tracks?: { readonly audio?: { levelCodec?: string | undefined } }
}

/**
 * Changes the sound, also to one of another codec, which is in another group of renditions. hls.js goes to a variant with
 * that group, but there to the sound that it likes best, and takes the codec with which the film began for the one that
 * it plays now (1.7.4), so that it doesn't change back to it: both is mended here.
 */
export function switchSound(hls: Hls, wanted: MediaPlaylist): void {
  const buffer = (hls as unknown as { readonly bufferController?: BufferController }).bufferController?.tracks?.audio
  if (buffer !== undefined) buffer.levelCodec = undefined
  const indexOf = (): number => hls.audioTracks.findIndex(({ url }) => url === wanted.url)
  if (indexOf() >= 0) {
    hls.audioTrack = indexOf()
    return
  }
  const choose = (): void => {
    const index = indexOf()
    if (index < 0) return
    hls.off(Hls.Events.AUDIO_TRACKS_UPDATED, choose)
    hls.audioTrack = index
  }
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, choose)
  hls.setAudioOption(wanted)
}
