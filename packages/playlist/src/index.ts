export {
  type ByteRange,
  type InitMap,
  type MediaPlaylist,
  type PlaylistSegment,
  type PlaylistStart,
  writeMediaPlaylist,
} from './media-playlist.js'
export {
  type MediaRendition,
  type MultivariantPlaylist,
  type StreamVariant,
  writeMultivariantPlaylist,
} from './multivariant-playlist.js'
