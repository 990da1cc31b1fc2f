import type { Attributes } from './attribute-reader.js'
import { resolutionText, seconds, tagLine } from './attributes.js'

/**
 * EXT-X-TILES (Image Media Playlist specification, which Roku and Shaka Player read): how pictures lie in an image.
 */
export interface TileLayout {
  /** Pixels of one tile. */
  readonly resolution: { readonly width: number; readonly height: number }
  readonly columns: number
  readonly rows: number
  /** How long each tile stands, µs. */
  readonly tileDurationUs: number
}

/** The EXT-X-TILES tag with its line end. */
export function tilesTag(tiles: TileLayout): string {
  return tagLine('EXT-X-TILES', [
    ['RESOLUTION', resolutionText(tiles.resolution)],
    ['LAYOUT', resolutionText({ width: tiles.columns, height: tiles.rows })],
    ['DURATION', seconds(tiles.tileDurationUs)],
  ])
}

/** Reads EXT-X-TILES; `undefined` where one of its attributes is missing. */
export function readTiles(attributes: Attributes, add: (message: string) => void): TileLayout | undefined {
  const resolution = attributes.resolution('RESOLUTION')
  const layout = attributes.resolution('LAYOUT')
  const tileDurationUs = attributes.us('DURATION')
  if (resolution === undefined || layout === undefined || tileDurationUs === undefined) {
    add('EXT-X-TILES needs RESOLUTION, LAYOUT and DURATION.')
    return undefined
  }
  return { resolution, columns: layout.width, rows: layout.height, tileDurationUs }
}
